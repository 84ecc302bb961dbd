// Old directories of tasks and jobs: remembered until their retention time is over, then moved out of sight at once and deleted at leisure.
// What is remembered survives the agent, in a file of lines "EXPIRY_US DIRECTORY" that is appended to.
// Threads: one user at a time, except clear_trash(). Owns: its folder beside the node's root.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "base/result.h"
#include "node/descriptor.h"

namespace scoria::node {

class TaskShelf {
 public:
  // Errors: denied, unavailable.
  static Result<TaskShelf> open(const std::filesystem::path& private_folder, const std::filesystem::path& root);

  // A task ended; its directory may go at this time (wall clock). A later end of the same directory counts instead.
  void keep(const std::string& directory, std::int64_t until_us);
  bool has_any() const { return !until_us_.empty(); }
  // Moves out what is due and not in use. How many there were.
  int sweep(std::int64_t now_us, const std::function<bool(const std::string& directory)>& is_in_use);
  // Moves a directory ("workitems/j1") out of sight now, with all that is remembered below it.
  void remove(const std::string& directory);
  // Deletes what was moved out; takes long, from any thread.
  std::function<void()> clear_trash() const;

 private:
  TaskShelf(const std::filesystem::path& private_folder, std::filesystem::path root)
      : trash_(private_folder / "trash"), path_(private_folder / "retention"), root_(std::move(root)) {}
  void append(const std::string& directory, std::int64_t until_us);
  void rewrite();

  std::filesystem::path trash_, path_, root_;
  Descriptor file_;
  std::map<std::string, std::int64_t> until_us_;
  std::size_t lines_ = 0;
};

}  // namespace scoria::node
