// A host's templates and the workers that were forked from them: from the order, by the worker's call on our socket, to how it ended.
// Threads: one user, which polls for it. Owns: the processes; they end with it.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "node/descriptor.h"
#include "node/warm_line.h"
#include "worker/request.h"

namespace scoria::worker {

// How a worker ended.
struct WorkerEnd {
  bool is_signal = false;
  int status = 0;      // exit status, or signal
  std::string reason;  // "it was killed by signal 11 (Segmentation fault)"
  std::string output;  // the last that it wrote
};

struct WorkerRecord {
  std::uint64_t id = 0;
  pid_t pid = -1;  // until it has begun
  std::string template_key;
  Runtime runtime = Runtime::r;
  node::Descriptor socket;  // once it has called, until it is lent
  std::optional<WorkerEnd> end;
  std::filesystem::path output, temporary;  // a file; a folder: its TMPDIR
  std::chrono::steady_clock::time_point since;
  bool is_unwanted = false;  // nobody asks for it any more
};

struct TemplateRecord {
  node::WarmLine line;
  TemplateRequest request;
  std::uint64_t worker = 0;  // that has become it, and ends it; 0: it was started as one
  std::filesystem::path output;
  std::chrono::steady_clock::time_point last_use;
};

class Crew {
 public:
  // `folder` is the host's own; what an earlier host left there goes.
  explicit Crew(std::filesystem::path folder) : folder_(std::move(folder)) {}
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  Status open();

  // What poll() shall wait for, and what it found.
  void add_polls(std::vector<pollfd>& polls) const;
  void handle(const pollfd& ready);
  void reap();

  // Starts the template where it is not there. Errors: unavailable.
  Status prepare(const TemplateRequest& request);
  // A worker that will call, or end. Errors: as prepare().
  Result<std::uint64_t> hire(const TemplateRequest& request, const Limits& limits, const std::string& directory);
  // The same from a worker that has become a template. Errors: not_found (it has not), unavailable.
  Result<std::uint64_t> hire_from(std::uint64_t worker, const Limits& limits, const std::string& directory);
  // Null: there is none.
  WorkerRecord* find(std::uint64_t id);
  bool is_template(std::uint64_t id) const;  // this worker has become one
  void kill(std::uint64_t id);
  void forget(std::uint64_t id);   // it has ended, and that was told
  void dismiss(std::uint64_t id);  // it is killed where it runs; nobody asks again
  void drop_idle_templates(std::chrono::seconds idle);

  const std::map<std::uint64_t, WorkerRecord>& workers() const { return workers_; }
  const std::map<std::string, std::unique_ptr<TemplateRecord>>& templates() const { return templates_; }

 private:
  struct Caller {  // a worker that has not said who it is
    node::Descriptor socket;
    std::string said;
  };
  static void clear_away_strays();
  // What a process wrote; the host's id in its name, as of all that is its own in the folder.
  std::filesystem::path output_file(const char* of, std::uint64_t number) const;
  void make_room_for_template();
  bool is_used(const std::string& template_key) const;
  Result<TemplateRecord*> template_for(const TemplateRequest& request);
  Result<std::uint64_t> order(TemplateRecord& record, const std::string& key, const Limits& limits,
                              const std::string& directory);
  void adopt_template(std::uint64_t worker, node::Descriptor socket);
  void read_template_news(const std::string& key);
  void read_caller(std::size_t index);
  void accept_caller();
  void ended(pid_t pid, int code, int status);
  void set_end(WorkerRecord& worker, WorkerEnd end);
  void signal(const WorkerRecord& worker, int number) const;

  std::filesystem::path folder_, socket_path_;
  node::Descriptor listener_;
  std::optional<Kit> kit_;
  std::map<std::string, std::unique_ptr<TemplateRecord>> templates_;
  std::map<std::uint64_t, WorkerRecord> workers_;
  std::map<pid_t, std::pair<int, int>> early_ends_;  // si_code and si_status of processes whose start has not been told
  std::vector<Caller> callers_;
  std::uint64_t next_id_ = 1, next_template_ = 1;
};

// "r-7"
std::string public_id(const WorkerRecord& worker);

}  // namespace scoria::worker
