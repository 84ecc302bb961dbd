// Uploads the output files of a task that ended, and tells what it did in fileuploadout.txt and fileuploaderr.txt beside stdout.txt.
// Source: Azure Batch REST API, OutputFile; Put Blob, Put Block, Put Block List of Azure Storage.
// Threads: one call per Web at a time. Borrows: everything, for the length of the call.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "node/server_link.h"
#include "node/web.h"
#include "spec/node_sync.h"

namespace scoria::node {

struct UploadSurroundings {
  Web& web;
  ServerLink& server;                    // takes what goes into the account's own storage
  std::filesystem::path task_directory;  // nothing outside it is uploaded
  std::vector<std::string> environment;  // for $NAME in patterns and paths
  std::uint64_t attempt = 0;
  bool has_succeeded = false;  // the exit code was 0
  std::function<Result<std::string>(const std::string& text)> reveal;
  const std::atomic<bool>* is_cancelled = nullptr;
};

struct UploadResult {
  std::optional<spec::Failure>
      failure;              // FileUploadMiscError, BlobNotFound (no such container), BlobAccessDenied: the first one
  bool has_staged = false;  // some are in our own storage, to be published
  int uploaded = 0;
};

// True where some of `files` are to be uploaded after such an end.
bool wants_upload(const spec::Json& files, bool has_succeeded);

// Tries all of them, whatever fails. A pattern that matches nothing is no failure.
UploadResult upload_output_files(const spec::Json& files, const UploadSurroundings& surroundings);

}  // namespace scoria::node
