#include "server/trash.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "base/log.h"

namespace scoria::server {

namespace fs = std::filesystem;

namespace {

// Bit by bit, so that a stop is heeded in the middle of a million files.
void remove_tree(const fs::path& folder, const std::stop_token& stop) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (stop.stop_requested()) return;
    std::error_code ignored;
    if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
      remove_tree(entry->path(), stop);
    } else {
      fs::remove(entry->path(), ignored);
    }
  }
  fs::remove(folder, error);
  if (error && !stop.stop_requested()) {
    log::debug("trash_left", {{"folder", folder.string()}, {"error", error.message()}});
  }
}

}  // namespace

Trash::Trash(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  fs::permissions(folder_, fs::perms::owner_all, error);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Trash::take(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return;
  const std::lock_guard lock(news_mutex_);
  const std::string name = std::to_string(getpid()) + "-" + std::to_string(next_++);
  fs::rename(folder, folder_ / name, error);
  if (error) log::warn("folder_left", {{"folder", folder.string()}, {"error", error.message()}});
  has_news_ = true;
  changed_.notify_one();
}

void Trash::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(news_mutex_);
      if (!changed_.wait(lock, stop, [this] { return has_news_; })) return;
      has_news_ = false;
    }
    std::error_code error;
    std::vector<fs::path> entries;
    for (const auto& entry : fs::directory_iterator(folder_, error)) entries.push_back(entry.path());
    for (const fs::path& entry : entries) remove_tree(entry, stop);
  }
}

}  // namespace scoria::server
