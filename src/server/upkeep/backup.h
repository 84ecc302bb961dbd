// Backups of a data folder: of a running server, while it goes on, and of one that is stopped. What is in one, and why it is consistent:
// docs/operations.md, docs/formats/backup.md.
//
// The state is copied first, then staged outputs, then containers: whatever the state says is visible was so before, and is in the copy.
// Threads: begin() from several threads at once; the work is done on a thread of its own. Borrows: blobs, clock.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "batch/worker_thread.h"
#include "blob/blob_store.h"
#include "server/upkeep/backup_stream.h"

namespace scoria::server {

class Backups {
 public:
  Backups(std::filesystem::path data, blob::BlobStore& blobs, const Clock& clock);

  using Done = std::function<void(Result<std::unique_ptr<net::BodySource>>)>;
  // `done` comes from another thread, with a stream that holds all that was acknowledged before the call. Errors: conflict (a backup is
  // being taken already), exhausted (no room for the copy of the state), corrupt, unavailable.
  void begin(Done done);
  // After it, begin() is not called.
  void stop() { worker_.stop(); }

 private:
  Result<std::unique_ptr<net::BodySource>> take();

  std::filesystem::path data_;
  blob::BlobStore& blobs_;
  const Clock& clock_;
  std::shared_ptr<std::atomic<bool>> is_busy_ = std::make_shared<std::atomic<bool>>(false);
  batch::WorkerThread worker_;  // last: it uses all of the above
};

// Of a folder that the caller holds (DataFolder::hold()); of any version that is not newer than ours.
Result<std::unique_ptr<BackupStream>> backup_of_folder(const std::filesystem::path& data, const Clock& clock);

// Folders that backups make in a data folder, "backup.tmp-...", for as long as one is taken.
inline constexpr const char* kBackupScratch = "backup.tmp-";
// Removes what a crash left of them.
void remove_backup_scratch(const std::filesystem::path& data);

}  // namespace scoria::server
