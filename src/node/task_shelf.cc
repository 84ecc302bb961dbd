#include "node/task_shelf.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "base/log.h"
#include "node/keeper_protocol.h"
#include "node/node_files.h"

namespace scoria::node {
namespace {

constexpr std::size_t kTidyAt = 10'000;  // lines more than there are directories

std::string line_of(const std::string& directory, std::int64_t until_us) {
  return std::to_string(until_us) + " " + directory + "\n";
}

}  // namespace

Result<TaskShelf> TaskShelf::open(const std::filesystem::path& private_folder, const std::filesystem::path& root) {
  TaskShelf shelf(private_folder, root);
  std::error_code error;
  std::filesystem::create_directories(shelf.trash_, error);
  if (error) return Error{Code::unavailable, "'" + shelf.trash_.string() + "' cannot be made: " + error.message()};
  std::ifstream file(shelf.path_);
  std::int64_t until = 0;
  std::string directory;
  while (file >> until && std::getline(file >> std::ws, directory)) {
    ++shelf.lines_;
    if (tidy_relative_path(directory).ok()) shelf.until_us_[directory] = until;
  }
  shelf.file_ = Descriptor(::open(shelf.path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!shelf.file_.is_open()) {
    return Error{Code::denied, "'" + shelf.path_.string() + "' cannot be opened: " + strerror(errno)};
  }
  return shelf;
}

void TaskShelf::append(const std::string& directory, std::int64_t until_us) {
  const std::string line = line_of(directory, until_us);
  // On a full disk it is forgotten, and the directory stays until its job is deleted.
  (void)!write(file_.get(), line.data(), line.size());
  ++lines_;
}

void TaskShelf::keep(const std::string& directory, std::int64_t until_us) {
  if (directory.empty() || directory.find('\n') != std::string::npos) return;
  until_us_[directory] = until_us;
  append(directory, until_us);
}

int TaskShelf::sweep(std::int64_t now_us, const std::function<bool(const std::string& directory)>& is_in_use) {
  int moved = 0;
  for (auto entry = until_us_.begin(); entry != until_us_.end();) {
    if (entry->second > now_us || is_in_use(entry->first)) {
      ++entry;
      continue;
    }
    const std::string directory = entry->first;
    entry = until_us_.erase(entry);
    remove(directory);
    ++moved;
  }
  if (moved > 0 || lines_ > until_us_.size() + kTidyAt) rewrite();
  return moved;
}

void TaskShelf::remove(const std::string& directory) {
  const auto tidy = tidy_relative_path(directory);
  if (!tidy.ok() || !tidy.value().starts_with("workitems/")) return;
  for (auto entry = until_us_.lower_bound(directory);
       entry != until_us_.end() && entry->first.starts_with(directory);) {
    const bool is_below = entry->first.size() == directory.size() || entry->first[directory.size()] == '/';
    entry = is_below ? until_us_.erase(entry) : std::next(entry);
  }
  const auto from = root_ / tidy.value();
  if (rename(from.c_str(), (trash_ / random_id()).c_str()) == 0 || errno == ENOENT) return;
  // Another file system: it goes where it stands.
  std::error_code error;
  std::filesystem::remove_all(from, error);
  if (error) log::warn("directory_not_removed", {{"directory", directory}, {"error", error.message()}});
}

std::function<void()> TaskShelf::clear_trash() const {
  return [trash = trash_] {
    const auto files = NodeFiles::open(trash);
    if (!files.ok()) return;
    const auto listing = files.value().list("", false, 100'000);
    if (!listing.ok()) return;
    for (const auto& entry : listing.value().files) {
      const auto removed = files.value().remove(entry.path, true);
      if (!removed.ok() && removed.error().code != Code::not_found) {
        log::warn("directory_not_removed", {{"error", removed.error().message}});
      }
    }
  };
}

void TaskShelf::rewrite() {
  const auto fresh = path_.string() + ".new";
  Descriptor file(::open(fresh.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  std::string text;
  for (const auto& [directory, until] : until_us_) text += line_of(directory, until);
  if (!file.is_open() || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      rename(fresh.c_str(), path_.c_str()) != 0) {
    return;  // the old one serves on
  }
  file_ = std::move(file);
  lines_ = until_us_.size();
}

}  // namespace scoria::node
