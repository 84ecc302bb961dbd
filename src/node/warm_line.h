// The end of whoever started a warm scorer, or a template: starts that process, hands it attempts, hears which processes it made of them (which
// are children of who started it). Threads: one user at a time. Owns: the socket; the process, which ends when the socket closes.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "node/descriptor.h"
#include "node/frame_stream.h"
#include "node/keeper_protocol.h"

namespace scoria::node {

class WarmLine {
 public:
  // `environment`: "NAME=value"; null: our own. `output`: where its standard output and error go; empty: ours.
  bool start(const std::vector<std::string>& command, const std::vector<std::string>* environment = nullptr,
             const std::string& output = {});
  // One that runs already, at the other end of `socket`.
  void adopt(Descriptor socket, pid_t pid);
  bool is_alive() const { return stream_ != nullptr; }
  int descriptor() const { return stream_ ? stream_->descriptor() : -1; }
  pid_t pid() const { return pid_; }  // of the last one
  // False: it is dead, or does not read.
  bool send(const StartCommand& command);

  struct News {
    std::vector<StartedNotice> started;
    int descriptor = -1;  // it died: no longer to be watched. Valid until the next start()
  };
  News read();

 private:
  std::unique_ptr<FrameStream> stream_;
  std::unique_ptr<FrameStream> dead_;
  pid_t pid_ = -1;
};

}  // namespace scoria::node
