// Fetches the resource files of a task into its working directory.
// Source: Azure Batch REST API, ResourceFile: httpUrl; storageContainerUrl or autoStorageContainerName with blobPrefix; filePath; fileMode.
// Threads: one call per Web at a time. Borrows: everything, for the length of the call.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "node/file_cache.h"
#include "node/web.h"
#include "spec/node_sync.h"

namespace scoria::node {

struct FetchSurroundings {
  Web& web;
  FileCache& cache;
  std::filesystem::path working_directory;
  std::string blob_url;  // of the account's own storage, for autoStorageContainerName: "http://host/account"
  // "secret:NAME" texts to what they stand for; others as they are.
  std::function<Result<std::string>(const std::string& text)> reveal;
  const std::atomic<bool>* is_cancelled = nullptr;
};

// Nothing when all are there; else what failed first: BlobNotFound, BlobAccessDenied, BlobDownloadTimedOut, BlobDownloadMiscError,
// ResourceDirectoryCreateFailed, ResourceFileCreateFailed, ResourceFileWriteFailed, DiskFull.
std::optional<spec::Failure> fetch_resource_files(const spec::Json& files, const FetchSurroundings& surroundings);

// All names of a container that begin with `prefix`, at most 100,000. `url` has the container's signature in its query. Errors: as Web::call(),
// corrupt, too_large.
Result<std::vector<std::string>> list_blobs(const std::string& url, const std::string& prefix,
                                            const FetchSurroundings& surroundings);

// A page of a container's listing (List Blobs): names and sizes, and where to go on. Errors: corrupt.
struct BlobPage {
  std::vector<std::string> names;
  std::string next_marker;
};
Result<BlobPage> parse_blob_page(std::string_view xml);

}  // namespace scoria::node
