// Folders that are to go: moved out of sight at once, deleted at leisure (those of a node may hold a million files).
// Threads: take() may be called from several threads at once; deletes on a thread of its own. Owns: its folder.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

namespace scoria::server {

class Trash {
 public:
  // `folder`: made when missing, on the same file system as what is taken; what an earlier one left there is deleted.
  explicit Trash(std::filesystem::path folder);

  // A folder that cannot be moved stays, and is logged.
  void take(const std::filesystem::path& folder);

 private:
  void run(const std::stop_token& stop);

  std::filesystem::path folder_;
  std::mutex news_mutex_;
  std::condition_variable_any changed_;
  std::uint64_t next_ = 1;  // guarded by news_mutex_
  bool has_news_ = true;    // guarded by news_mutex_
  std::jthread thread_;     // last: it uses all of the above
};

}  // namespace scoria::server
