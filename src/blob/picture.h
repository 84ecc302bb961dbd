// A picture of a store's folder: second names of its files in a place of their own, so that a backup can copy them at leisure while the
// store goes on. Journals and files only grow or are replaced: the first `length` bytes of each stay what they are.
// Threads: plain values; remove() of the folder with the last owner. Owns: the folder of the second names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace scoria::blob {

class Picture {
 public:
  struct File {
    std::string name;            // below the store's folder: "containers/c/journal"
    std::filesystem::path path;  // where its bytes are while the picture lives
    std::uint64_t length = 0;
  };

  // Makes `folder`, which must not be there. Errors: exhausted, denied, unavailable.
  static Result<std::unique_ptr<Picture>> create(std::filesystem::path folder);
  ~Picture();
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

  const std::vector<std::string>& folders() const { return folders_; }  // parents first
  const std::vector<File>& files() const { return files_; }

  Status add_folder(const std::string& name);
  // A second name of `from`, or a copy of its first `length` bytes where the file system gives none. A name that is there already counts.
  // Errors: not_found (it went meanwhile), exhausted, unavailable.
  Status link(const std::filesystem::path& from, const std::string& name, std::uint64_t length) const;
  void add_file(std::string name, std::uint64_t length);
  // Of a container that was deleted while its picture was taken.
  void drop_since(std::size_t folders, std::size_t files);

 private:
  explicit Picture(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path folder_;
  std::vector<std::string> folders_;
  std::vector<File> files_;
};

}  // namespace scoria::blob
