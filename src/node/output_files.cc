#include "node/output_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "auth/shared_key.h"
#include "node/descriptor.h"
#include "node/file_pattern.h"
#include "node/members.h"
#include "node/task_folders.h"
#include "spec/command_line.h"

namespace scoria::node {
namespace {

constexpr std::uint64_t kOnePut = 64ull << 20;
constexpr std::uint64_t kBlock = 32ull << 20;
constexpr std::uint64_t kMaxBlocks = 50'000;
constexpr std::size_t kMaxOutputFiles = 100'000;
constexpr const char* kStorageVersion = "2020-10-02";

bool applies(const spec::Json& file, bool has_succeeded) {
  const auto* options = member(file, "uploadOptions");
  const std::string condition = options == nullptr ? "" : text_of(*options, "uploadCondition");
  return condition == "tasksuccess" ? has_succeeded : condition == "taskfailure" ? !has_succeeded : true;
}

spec::Failure upload_failure(const Error& error, const std::string& file) {
  const char* code = error.code == Code::denied      ? "BlobAccessDenied"
                     : error.code == Code::not_found ? "BlobNotFound"
                                                     : "FileUploadMiscError";
  const bool is_users = error.code == Code::denied || error.code == Code::not_found || error.code == Code::invalid;
  return {is_users ? "usererror" : "servererror", code, error.message, {{"FilePath", file}}};
}

// The container of a URL of our own storage: "http://account.blob.host/NAME?sig" or "http://host/account/NAME?sig".
struct OwnContainer {
  std::string name, query;
};
Result<OwnContainer> own_container(const std::string& url) {
  SCORIA_TRY(parsed, net::parse_url(url));
  const std::size_t end = std::min(parsed.target.find('?'), parsed.target.size());
  std::string path = parsed.target.substr(1, end - 1);
  while (path.ends_with('/')) path.pop_back();
  if (parsed.host.find(".blob.") == std::string::npos) {
    const std::size_t slash = path.find('/');
    path = slash == std::string::npos ? "" : path.substr(slash + 1);
  }
  if (path.empty() || path.find('/') != std::string::npos) {
    return Error{Code::invalid, "'" + std::string(without_query(url)) + "' is not the URL of a container"};
  }
  return OwnContainer{path, end < parsed.target.size() ? parsed.target.substr(end + 1) : ""};
}

// fileuploadout.txt and fileuploaderr.txt, made when there is something to say.
class Notes {
 public:
  explicit Notes(std::filesystem::path directory) : directory_(std::move(directory)) {}
  void out(const std::string& line) { add("fileuploadout.txt", line); }
  void err(const std::string& line) { add("fileuploaderr.txt", line); }

 private:
  void add(const char* name, const std::string& line) const {
    const Descriptor file(
        open((directory_ / name).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (file.is_open())
      (void)dprintf(file.get(), "%s\n", line.c_str());  // it is a note; the task's end says what failed
  }
  std::filesystem::path directory_;
};

class Uploader {
 public:
  explicit Uploader(const UploadSurroundings& surroundings)
      : around_(surroundings), notes_(surroundings.task_directory) {}

  UploadResult result;

  void upload(const spec::Json& file) {
    const std::string pattern_text = text_of(file, "filePattern");
    const auto* destination = member(file, "destination");
    const auto* container = destination == nullptr ? nullptr : member(*destination, "container");
    if (container == nullptr) {
      failed({Code::invalid, "an output file has no destination.container"}, pattern_text);
      return;
    }
    auto pattern = FilePattern::parse(from_working_directory(expanded(pattern_text)));
    if (!pattern.ok()) {
      failed(pattern.error(), pattern_text);
      return;
    }
    auto url = around_.reveal(text_of(*container, "containerUrl"));
    if (!url.ok()) {
      failed(url.error(), pattern_text);
      return;
    }
    std::string path = expanded(text_of(*container, "path"));
    while (path.ends_with('/')) path.pop_back();
    while (path.starts_with('/')) path.erase(0, 1);
    net::Headers headers;
    if (const auto* extra = member(*container, "uploadHeaders"); extra != nullptr && extra->is_array()) {
      for (const auto& header : *extra) headers.emplace_back(text_of(header, "name"), text_of(header, "value"));
    }
    const auto working = around_.task_directory / "wd";
    const auto matches = pattern.value().find(working, around_.task_directory, kMaxOutputFiles);
    if (matches.empty()) notes_.out("no file matches '" + pattern_text + "'");
    for (const auto& match : matches) {
      // With wildcards the path is a folder, without it is the blob's own name.
      const bool is_name = !pattern.value().has_wildcards() && !path.empty();
      const std::string name = is_name ? path : path.empty() ? match.name : path + "/" + match.name;
      const auto status = put(working / match.path, url.value(), name, headers);
      if (!status.ok()) {
        failed(status.error(), match.path);
      } else {
        ++result.uploaded;
        notes_.out("uploaded '" + match.path + "' as '" + name + "' to " + std::string(without_query(url.value())));
      }
    }
  }

 private:
  std::string expanded(const std::string& text) const {
    return spec::expand_variables(text, [&](std::string_view name) -> std::optional<std::string> {
      const auto value = find_setting(around_.environment, name);
      return value ? std::optional<std::string>(*value) : std::nullopt;
    });
  }

  // "$AZ_BATCH_TASK_WORKING_DIR/x" and its like, relative. What the task calls its folder may have another name out here.
  std::string from_working_directory(std::string pattern) const {
    const auto task = find_setting(around_.environment, "AZ_BATCH_TASK_DIR");
    if (!task || task->empty() || !pattern.starts_with(std::string(*task) + "/")) return pattern;
    return ".." + pattern.substr(task->size());
  }

  void failed(const Error& error, const std::string& file) {
    notes_.err("'" + file + "': " + error.message);
    if (!result.failure) result.failure = upload_failure(error, file);
  }

  Status put(const std::filesystem::path& path, const std::string& container, const std::string& name,
             const net::Headers& headers) {
    Descriptor opened(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!opened.is_open() || fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
      return Error{Code::unavailable, "file '" + path.filename().string() + "' cannot be read: " + strerror(errno)};
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    const std::shared_ptr<const int> file(new int(opened.release()), [](const int* owned) {
      close(*owned);
      delete owned;
    });
    SCORIA_TRY(url, blob_url(container, name));
    SCORIA_TRY(parsed, net::parse_url(url));
    if (around_.web.is_own(parsed)) {
      SCORIA_TRY(own, own_container(container));
      result.has_staged = true;
      return around_.web.outwait(
          [&] {
            return around_.server.put_output(around_.attempt, own.name, name, {file, 0, size}, headers, own.query);
          },
          around_.is_cancelled);
    }
    Web::Call call{.method = "PUT", .url = url, .headers = headers};
    call.is_cancelled = around_.is_cancelled;
    call.headers.emplace_back("x-ms-version", kStorageVersion);
    if (size <= kOnePut) {
      call.headers.emplace_back("x-ms-blob-type", "BlockBlob");
      call.file = net::FilePart{file, 0, size};
      SCORIA_TRY(reply, around_.web.call(call));
      return Ok{};
    }
    return put_blocks(std::move(call), file, size);
  }

  Status put_blocks(Web::Call call, const std::shared_ptr<const int>& file, std::uint64_t size) {
    const std::uint64_t block = std::max(kBlock, (size + kMaxBlocks - 1) / kMaxBlocks);
    const std::string url = call.url;
    const net::Headers headers = std::move(call.headers);
    std::string list = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
    for (std::uint64_t offset = 0, number = 0; offset < size; offset += block, ++number) {
      char text[16];
      snprintf(text, sizeof text, "%08llu", static_cast<unsigned long long>(number));
      const std::string id = auth::base64(text);
      list += "<Latest>" + id + "</Latest>";
      call.url = with_query(url, "comp=block&blockid=" + net::percent_encode(id));
      call.headers = {{"x-ms-version", kStorageVersion}};
      call.file = net::FilePart{file, offset, std::min(block, size - offset)};
      SCORIA_TRY(reply, around_.web.call(call));
    }
    call.url = with_query(url, "comp=blocklist");
    call.headers = headers;
    call.file.reset();
    call.body = list + "</BlockList>";
    SCORIA_TRY(reply, around_.web.call(call));
    return Ok{};
  }

  const UploadSurroundings& around_;
  Notes notes_;
};

}  // namespace

bool wants_upload(const spec::Json& files, bool has_succeeded) {
  if (!files.is_array()) return false;
  for (const auto& file : files) {
    if (file.is_object() && applies(file, has_succeeded)) return true;
  }
  return false;
}

UploadResult upload_output_files(const spec::Json& files, const UploadSurroundings& surroundings) {
  Uploader uploader(surroundings);
  for (const auto& file : files) {
    if (file.is_object() && applies(file, surroundings.has_succeeded)) uploader.upload(file);
  }
  return std::move(uploader.result);
}

}  // namespace scoria::node
