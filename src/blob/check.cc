#include "blob/check.h"

#include <fcntl.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <unordered_set>

#include "blob/container.h"
#include "blob/disk.h"
#include "blob/index.h"
#include "blob/journal.h"
#include "blob/names.h"

namespace scoria::blob {
namespace {

namespace fs = std::filesystem;
using Kind = CheckFinding::Kind;

struct FreeHash {
  void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
};

// Base64, as blobs have it.
Result<std::string> md5_of(int descriptor, std::uint64_t offset, std::uint64_t length, const fs::path& path) {
  const std::unique_ptr<EVP_MD_CTX, FreeHash> hash(::EVP_MD_CTX_new());
  SCORIA_CHECK(hash != nullptr && ::EVP_DigestInit_ex(hash.get(), ::EVP_md5(), nullptr) == 1);
  while (length > 0) {
    const std::size_t step = std::min<std::uint64_t>(length, 1u << 20);
    SCORIA_TRY(bytes, read_at(descriptor, offset, step, path));
    SCORIA_CHECK(::EVP_DigestUpdate(hash.get(), bytes.data(), bytes.size()) == 1);
    offset += step;
    length -= step;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  SCORIA_CHECK(::EVP_DigestFinal_ex(hash.get(), digest.data(), &size) == 1);
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> text{};
  const int written = ::EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(size));
  return std::string(reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(written));
}

class Check {
 public:
  explicit Check(const CheckOptions& options) : options_(options) {}

  Status store(const fs::path& folder) {
    SCORIA_TRY_STATUS(each(folder / "containers", [&](const fs::path& path) { container(path); }));
    SCORIA_TRY_STATUS(each(folder / "staged", [&](const fs::path& path) { staged(path); }));
    for (const char* name : {"uploads", "trash"}) {
      const std::string what = name == std::string_view("uploads") ? "bytes of an upload that never ended"
                                                                   : "what is left of a deleted container";
      SCORIA_TRY_STATUS(each(folder / name, [&](const fs::path& path) { add(Kind::leftover, path, what); }));
    }
    return Ok{};
  }
  CheckReport take() { return std::move(report_); }

 private:
  void add(Kind kind, fs::path path, std::string what) {
    report_.findings.push_back({kind, std::move(path), std::move(what)});
  }

  template <typename Visit>
  static Status each(const fs::path& folder, Visit visit) {
    std::error_code error;
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder, error)) paths.push_back(entry.path());
    if (error && error != std::errc::no_such_file_or_directory) {
      return Error{Code::unavailable, "cannot list '" + folder.string() + "': " + error.message()};
    }
    std::sort(paths.begin(), paths.end());
    for (const fs::path& path : paths) visit(path);
    return Ok{};
  }

  // False where it cannot be read at all.
  bool journal(const fs::path& path, const Journal::Visit& visit) {
    const auto extent = Journal::scan(path, visit);
    if (!extent.ok()) {
      add(Kind::damage, path, extent.error().message);
      return false;
    }
    if (extent.value().whole < extent.value().size) {
      add(Kind::doubt, path,
          std::to_string(extent.value().size - extent.value().whole) +
              " bytes at its end are no whole record: of a change that a crash cut short, or damage");
    }
    return true;
  }

  void data_file(const fs::path& path, std::uint64_t length, bool may_be_longer, const std::string& of) {
    std::error_code error;
    const std::uint64_t size = fs::file_size(path, error);
    if (error) return add(Kind::damage, path, "is missing: the bytes of " + of);
    if (size == length || (may_be_longer && size > length)) return;
    add(Kind::damage, path,
        "has " + std::to_string(size) + " bytes instead of " + std::to_string(length) + ", of " + of);
  }

  void bytes(const fs::path& folder, const std::string& name, const Entry& entry) {
    if (!options_.reads_bytes || entry.content_md5.empty() || entry.type == BlobType::append) return;
    const fs::path path = entry.body.file == 0 ? folder / "journal" : folder / "data" / file_name(entry.body.file);
    const auto file = open_file(path, O_RDONLY);
    if (!file.ok()) return;  // said already
    const auto md5 = md5_of(file.value().number(), entry.body.file == 0 ? entry.body.at : 0, entry.length, path);
    if (!md5.ok()) return;
    if (md5.value() != entry.content_md5) {
      add(Kind::doubt, path,
          "the bytes of blob '" + name +
              "' are not those of its Content-MD5: they are damaged, or a "
              "client set another one");
    }
  }

  void container(const fs::path& folder) {
    const std::string name = folder.filename().string();
    if (!check_container_name(name).ok()) return add(Kind::doubt, folder, "is no container: its name is none");
    ++report_.containers;
    if (const Status read = Container::check_properties(folder); !read.ok()) {
      add(Kind::damage, folder / "container.json", read.error().message);
    }
    Index index;
    const bool is_read = journal(folder / "journal", [&](const Journal::Record& record) -> Status {
      SCORIA_TRY(line, read_line(record.text, record.payload_at));
      (void)index.apply(std::move(line), record.size);
      return Ok{};
    });
    for (const char* draft : {"journal.new", "container.json.new"}) {
      std::error_code error;
      if (fs::exists(folder / draft, error)) add(Kind::leftover, folder / draft, "a draft that was never finished");
    }
    std::error_code error;
    if (fs::exists(folder / "journal.cut", error)) {
      add(Kind::doubt, folder / "journal.cut", "was cut off a damaged journal, and kept for who may want it");
    }
    if (!is_read) return;  // its files cannot be judged
    (void)index.drop_blocks_before(options_.now - kBlocksKept);
    std::unordered_set<std::string> known;
    index.each_blob([&](const std::string& blob, Entry& entry) {
      ++report_.blobs;
      report_.bytes += entry.length;
      if (entry.body.file != 0) {
        known.insert(file_name(entry.body.file));
        data_file(folder / "data" / file_name(entry.body.file), entry.length, entry.type == BlobType::append,
                  "blob '" + blob + "'");
      }
      bytes(folder, blob, entry);
    });
    index.each_block([&](const std::string& blob, const std::string&, Block& block) {
      if (block.body.file == 0) return;
      known.insert(file_name(block.body.file));
      data_file(folder / "data" / file_name(block.body.file), block.length, false, "a block of '" + blob + "'");
    });
    const Status listed = each(folder / "data", [&](const fs::path& path) {
      if (!known.contains(path.filename().string())) add(Kind::leftover, path, "belongs to no blob");
    });
    if (!listed.ok()) add(Kind::damage, folder / "data", listed.error().message);
  }

  void staged(const fs::path& folder) {
    const std::string name = folder.filename().string();
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool is_number = failed == std::errc{} && end == name.data() + name.size();
    if (!is_number) return add(Kind::doubt, folder, "is not the number of an attempt");
    if (!options_.is_attempt(number)) return add(Kind::leftover, folder, "outputs of an attempt that is over");
    std::error_code error;
    if (!fs::exists(folder / "journal", error)) return;  // nothing was acknowledged yet
    (void)journal(folder / "journal", [&](const Journal::Record& record) -> Status {
      SCORIA_TRY(line, read_line(record.text, record.payload_at));
      if (line.entry.body.file != 0) {
        data_file(folder / file_name(line.entry.body.file), line.entry.length, false,
                  "output '" + line.name + "' of attempt " + name);
      }
      return Ok{};
    });
  }

  const CheckOptions& options_;
  CheckReport report_;
};

}  // namespace

Result<CheckReport> check_folder(const fs::path& folder, const CheckOptions& options) {
  Check check(options);
  SCORIA_TRY_STATUS(check.store(folder));
  return check.take();
}

}  // namespace scoria::blob
