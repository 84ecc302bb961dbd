#include "node/resource_files.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "node/keeper_protocol.h"
#include "node/members.h"
#include "node/node_files.h"

namespace scoria::node {
namespace {

constexpr std::size_t kMaxListedFiles = 100'000;  // of one container
constexpr std::size_t kMaxPage = 64u << 20;

using Step = std::optional<spec::Failure>;

spec::Failure failure(std::string_view category, std::string_view code, std::string message, std::string_view file) {
  spec::Failure failed{std::string(category), std::string(code), std::move(message), {}};
  if (!file.empty()) failed.details.emplace_back("FilePath", std::string(file));
  return failed;
}

spec::Failure download_failure(const Error& error, std::string_view file) {
  if (error.api_code == "DiskFull") return failure("servererror", "DiskFull", error.message, file);
  if (error.api_code.starts_with("Resource")) return failure("servererror", error.api_code, error.message, file);
  switch (error.code) {
    case Code::not_found: return failure("usererror", "BlobNotFound", error.message, file);
    case Code::denied: return failure("usererror", "BlobAccessDenied", error.message, file);
    case Code::deadline: return failure("servererror", "BlobDownloadTimedOut", error.message, file);
    case Code::invalid: return failure("usererror", "BlobDownloadMiscError", error.message, file);
    default: return failure("servererror", "BlobDownloadMiscError", error.message, file);
  }
}

class FileSink final : public net::BodySink {
 public:
  FileSink(int file, const std::atomic<bool>* is_cancelled) : file_(file), is_cancelled_(is_cancelled) {}
  Status write(std::span<const std::byte> bytes) override {
    if (is_cancelled_ != nullptr && *is_cancelled_) return Error{Code::unavailable, "given up, as the task is ended"};
    while (!bytes.empty()) {
      const ssize_t size = ::write(file_, bytes.data(), bytes.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) {
        const bool is_full = errno == ENOSPC || errno == EDQUOT;
        return Error{is_full ? Code::exhausted : Code::unavailable,
                     std::string("a resource file cannot be written: ") + strerror(errno),
                     is_full ? "DiskFull" : "ResourceFileWriteFailed"};
      }
      bytes = bytes.subspan(static_cast<std::size_t>(size));
    }
    return Ok{};
  }

 private:
  int file_;
  const std::atomic<bool>* is_cancelled_;
};

// A file in the working directory that gets its name when it is whole.
class NewFile {
 public:
  // Errors: denied, unavailable, exhausted, with an api_code of Batch's.
  static Result<NewFile> create(const NodeFiles& directory, const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
    for (std::size_t end = 0; end < folder.size();) {
      end = std::min(folder.find('/', end + 1), folder.size());
      const std::string upto = folder.substr(0, end);
      const std::size_t last = upto.rfind('/');
      auto above = directory.open_beneath(last == std::string::npos ? "" : upto.substr(0, last), O_PATH | O_DIRECTORY);
      if (!above.ok()) return Error{Code::denied, above.error().message, "ResourceDirectoryCreateFailed"};
      const std::string name = last == std::string::npos ? upto : upto.substr(last + 1);
      if (mkdirat(above.value().get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
        return Error{Code::unavailable, "folder '" + upto + "' cannot be made: " + strerror(errno),
                     errno == ENOSPC ? "DiskFull" : "ResourceDirectoryCreateFailed"};
      }
    }
    auto parent = directory.open_beneath(folder, O_RDONLY | O_DIRECTORY);
    if (!parent.ok()) return Error{Code::denied, parent.error().message, "ResourceDirectoryCreateFailed"};
    NewFile made;
    made.parent_ = std::move(parent).value();
    made.name_ = slash == std::string::npos ? path : path.substr(slash + 1);
    made.temporary_ = ".fetching-" + random_id();
    made.file_ = Descriptor(
        openat(made.parent_.get(), made.temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!made.file_.is_open()) {
      return Error{Code::unavailable, "file '" + path + "' cannot be made: " + strerror(errno),
                   errno == ENOSPC ? "DiskFull" : "ResourceFileCreateFailed"};
    }
    return made;
  }
  NewFile(NewFile&&) = default;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile() {
    if (file_.is_open()) (void)unlinkat(parent_.get(), temporary_.c_str(), 0);
  }

  int descriptor() const { return file_.get(); }
  Status commit(mode_t mode) {
    if (fchmod(file_.get(), mode) != 0 ||
        renameat(parent_.get(), temporary_.c_str(), parent_.get(), name_.c_str()) != 0) {
      return Error{Code::unavailable, "file '" + name_ + "' cannot be put into place: " + strerror(errno),
                   "ResourceFileCreateFailed"};
    }
    file_.reset();
    return Ok{};
  }

 private:
  NewFile() = default;
  Descriptor parent_, file_;
  std::string name_, temporary_;
};

Status fetch(const std::string& url, const std::string& path, mode_t mode, const NodeFiles& directory,
             const FetchSurroundings& surroundings) {
  SCORIA_TRY(file, NewFile::create(directory, path));
  auto kept = surroundings.cache.find(url);
  Web::Call call{.url = url};
  call.is_cancelled = surroundings.is_cancelled;
  if (kept) call.headers.emplace_back("If-None-Match", kept->etag);
  call.make_sink = [&]() -> Result<std::unique_ptr<net::BodySink>> {
    if (ftruncate(file.descriptor(), 0) != 0 || lseek(file.descriptor(), 0, SEEK_SET) != 0) {
      return Error{Code::unavailable, std::string("a resource file cannot be written again: ") + strerror(errno),
                   "ResourceFileWriteFailed"};
    }
    return std::unique_ptr<net::BodySink>(new FileSink(file.descriptor(), surroundings.is_cancelled));
  };
  SCORIA_TRY(reply, surroundings.web.call(call));
  if (reply.status == 304) {
    if (!kept) return Error{Code::unavailable, std::string(without_query(url)) + ": 304 for a file that is not kept"};
    SCORIA_TRY_STATUS(copy_bytes(kept->file.get(), file.descriptor()));
    return file.commit(mode);
  }
  struct stat status {};
  if (const auto etag = reply.header("ETag"); etag && fstat(file.descriptor(), &status) == 0) {
    surroundings.cache.keep(url, *etag, file.descriptor(), static_cast<std::uint64_t>(status.st_size));
  }
  return file.commit(mode);
}

mode_t mode_of(const spec::Json& file) {
  const std::string text = text_of(file, "fileMode");
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return 0770;
  return static_cast<mode_t>(mode & 0777u);
}

Step fetch_one(const spec::Json& file, const NodeFiles& directory, const FetchSurroundings& surroundings) {
  const std::string shown_path = text_of(file, "filePath");
  auto path = tidy_relative_path(shown_path);
  if (!path.ok()) return failure("usererror", "ResourceFileCreateFailed", path.error().message, shown_path);
  const mode_t mode = mode_of(file);

  if (const std::string text = text_of(file, "httpUrl"); !text.empty()) {
    auto url = surroundings.reveal(text);
    if (!url.ok()) return download_failure(url.error(), shown_path);
    if (path.value().empty()) {
      return failure("usererror", "ResourceFileCreateFailed", "a resource file by httpUrl needs a filePath", "");
    }
    const auto fetched = fetch(url.value(), path.value(), mode, directory, surroundings);
    if (!fetched.ok()) return download_failure(fetched.error(), shown_path);
    return std::nullopt;
  }

  std::string container = text_of(file, "storageContainerUrl");
  if (container.empty()) {
    const std::string name = text_of(file, "autoStorageContainerName");
    if (name.empty() || surroundings.blob_url.empty()) {
      return failure("usererror", "BlobDownloadMiscError",
                     name.empty() ? "a resource file has no httpUrl, storageContainerUrl or autoStorageContainerName"
                                  : "autoStorageContainerName: this node was not told where the account's storage is",
                     shown_path);
    }
    container = surroundings.blob_url + "/" + net::percent_encode(name);
  }
  auto revealed = surroundings.reveal(container);
  if (!revealed.ok()) return download_failure(revealed.error(), shown_path);
  auto names = list_blobs(revealed.value(), text_of(file, "blobPrefix"), surroundings);
  if (!names.ok()) return download_failure(names.error(), shown_path);
  for (const auto& name : names.value()) {
    if (name.ends_with('/')) continue;  // what stands for a folder
    auto target = tidy_relative_path(path.value().empty() ? name : path.value() + "/" + name);
    if (!target.ok() || target.value().empty()) {
      return failure("usererror", "ResourceFileCreateFailed",
                     target.ok() ? "blob '" + name + "' has no name" : target.error().message, name);
    }
    auto url = blob_url(revealed.value(), name);
    if (!url.ok()) return download_failure(url.error(), name);
    const auto fetched = fetch(url.value(), target.value(), mode, directory, surroundings);
    if (!fetched.ok()) return download_failure(fetched.error(), name);
  }
  return std::nullopt;
}

std::string unescaped(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const std::size_t at = text.find('&');
    plain += text.substr(0, at);
    if (at == std::string_view::npos) break;
    text.remove_prefix(at);
    const std::size_t end = text.find(';');
    const std::string_view name = end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
    if (name == "amp")
      plain += '&';
    else if (name == "lt")
      plain += '<';
    else if (name == "gt")
      plain += '>';
    else if (name == "quot")
      plain += '"';
    else if (name == "apos")
      plain += '\'';
    else if (name.starts_with("#")) {
      const bool is_hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
      unsigned code = 0;
      (void)std::from_chars(name.data() + (is_hex ? 2 : 1), name.data() + name.size(), code, is_hex ? 16 : 10);
      if (code < 0x80) {
        plain += static_cast<char>(code);
      } else if (code < 0x800) {
        plain += static_cast<char>(0xC0 | (code >> 6));
        plain += static_cast<char>(0x80 | (code & 63));
      } else {
        plain += static_cast<char>(0xE0 | ((code >> 12) & 15));
        plain += static_cast<char>(0x80 | ((code >> 6) & 63));
        plain += static_cast<char>(0x80 | (code & 63));
      }
    } else {
      plain += '&';
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(end + 1);
  }
  return plain;
}

// What stands between <name> and </name>, from `at`, which moves behind it.
std::optional<std::string_view> element(std::string_view xml, std::string_view name, std::size_t& at) {
  const std::string open = "<" + std::string(name) + ">", close = "</" + std::string(name) + ">";
  const std::size_t begin = xml.find(open, at);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t end = xml.find(close, begin + open.size());
  if (end == std::string_view::npos) return std::nullopt;
  at = end + close.size();
  return xml.substr(begin + open.size(), end - begin - open.size());
}

}  // namespace

Result<std::vector<std::string>> list_blobs(const std::string& url, const std::string& prefix,
                                            const FetchSurroundings& surroundings) {
  std::vector<std::string> names;
  std::string marker;
  do {
    std::string query = "restype=container&comp=list";
    if (!prefix.empty()) query += "&prefix=" + net::percent_encode(prefix);
    if (!marker.empty()) query += "&marker=" + net::percent_encode(marker);
    Web::Call call{.url = with_query(url, query)};
    call.is_cancelled = surroundings.is_cancelled;
    SCORIA_TRY(reply, surroundings.web.call(call));
    if (reply.body.size() > kMaxPage) return Error{Code::too_large, "a listing of more than 64 MiB"};
    SCORIA_TRY(page, parse_blob_page(reply.body));
    names.insert(names.end(), page.names.begin(), page.names.end());
    if (names.size() > kMaxListedFiles) {
      return Error{Code::too_large,
                   std::string(without_query(url)) + ": more than 100,000 blobs; a blobPrefix narrows"};
    }
    if (page.next_marker == marker && !marker.empty()) return Error{Code::corrupt, "a listing that does not go on"};
    marker = page.next_marker;
  } while (!marker.empty());
  return names;
}

Result<BlobPage> parse_blob_page(std::string_view xml) {
  BlobPage page;
  if (xml.find("<EnumerationResults") == std::string_view::npos) {
    return Error{Code::corrupt, "a listing that is no EnumerationResults document"};
  }
  std::size_t at = 0;
  while (const auto blob = element(xml, "Blob", at)) {
    std::size_t within = 0;
    const auto name = element(*blob, "Name", within);
    if (!name) return Error{Code::corrupt, "a listing with a Blob without a Name"};
    page.names.push_back(unescaped(*name));
  }
  at = 0;
  if (const auto marker = element(xml, "NextMarker", at)) page.next_marker = unescaped(*marker);
  return page;
}

std::optional<spec::Failure> fetch_resource_files(const spec::Json& files, const FetchSurroundings& surroundings) {
  auto directory = NodeFiles::open(surroundings.working_directory);
  if (!directory.ok()) {
    return failure("servererror", "ResourceDirectoryCreateFailed", directory.error().message, "");
  }
  for (const auto& file : files) {
    if (!file.is_object()) continue;
    if (auto failed = fetch_one(file, directory.value(), surroundings)) return failed;
  }
  return std::nullopt;
}

}  // namespace scoria::node
