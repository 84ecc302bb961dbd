// Outputs of attempts that wait to be published: for each attempt a folder `staged/NUMBER` with a journal and the files of larger bodies.
// Threads: all functions may be called from several threads at once; those of one attempt wait for each other. Borrows: the Place.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "blob/container.h"

namespace scoria::blob {

class Staging {
 public:
  // Puts one staged blob where it belongs.
  using Put = std::function<Status(const std::string& container, const std::string& name, DiskUpload& upload,
                                   const BlobProperties& properties)>;

  explicit Staging(Place& place) : place_(place) {}

  // Durable on return.
  Status stage(std::uint64_t attempt, std::string_view container, std::string_view name, DiskUpload& upload,
               const BlobProperties& properties);
  // The last blob staged under each name goes to `put`, then the folder is removed. An attempt of which there is nothing is no error.
  Status publish(std::uint64_t attempt, const Put& put);
  Status discard(std::uint64_t attempt);
  // Adds what is staged now of the attempts that `keeps` wants.
  Status add_to(Picture& picture, const std::function<bool(std::uint64_t attempt)>& keeps);

 private:
  struct Attempt {
    std::mutex mutex;
    std::shared_ptr<Journal> journal;  // null until something is staged
    bool is_closed = false;
  };
  std::shared_ptr<Attempt> attempt(std::uint64_t number);
  Status add_attempt(Picture& picture, std::uint64_t number);
  std::filesystem::path folder(std::uint64_t attempt) const;
  Status open_journal(std::uint64_t number, Attempt& attempt);
  Status remove_folder(std::uint64_t attempt);

  Place& place_;
  std::mutex attempts_mutex_;
  std::map<std::uint64_t, std::shared_ptr<Attempt>> attempts_;  // guarded by attempts_mutex_
};

}  // namespace scoria::blob
