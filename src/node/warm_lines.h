// A keeper's warm processes: its warm scorer, and the templates that its tasks ask for, each started when the first task wants it. What was handed to one that
// dies before it began comes back, to be started the plain way.
// Threads: one user. Owns: the processes. Borrows: the epoll, which watches their sockets.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "node/warm_line.h"

namespace scoria::node {

class WarmLines {
 public:
  // `scorer_command`: for what names no template; may be empty.
  explicit WarmLines(std::vector<std::string> scorer_command) : scorer_command_(std::move(scorer_command)) {}
  void watch_with(int epoll) { epoll_ = epoll; }

  // False: nothing warm takes it.
  bool send(const StartCommand& command);
  bool has(int descriptor) const { return by_descriptor_.contains(descriptor); }
  bool has_process(pid_t pid) const;
  bool is_waiting() const { return waiting_ > 0; }  // for something handed over to begin

  struct News {
    std::vector<std::pair<StartCommand, StartedNotice>> begun;
    std::vector<StartCommand> returned;
  };
  News read(int descriptor);
  // One of its processes ended.
  News died(pid_t pid);

 private:
  struct Line {
    WarmLine line;
    std::map<std::uint64_t, StartCommand> handed;  // not yet begun
    std::int64_t last_use_ms = 0;
  };
  Line* line_for(const StartCommand& command);
  void drop_idlest();
  News read(const std::string& key);

  std::vector<std::string> scorer_command_;
  std::map<std::string, Line> lines_;  // by command and environment
  std::map<int, std::string> by_descriptor_;
  std::size_t waiting_ = 0;
  int epoll_ = -1;
};

}  // namespace scoria::node
