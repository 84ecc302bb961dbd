// The network between machines: messages take time, get lost, come twice or late, and links are cut in one direction or both.
// Threads: one. Borrows: the timeline.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "sim/random.h"
#include "sim/timeline.h"

namespace scoria::sim {

class Network {
 public:
  struct Faults {
    double lost = 0, doubled = 0, late = 0;  // probabilities of one message
    Duration latest = std::chrono::seconds(3);
  };

  Network(Timeline& timeline, Random random) : timeline_(timeline), random_(random) {}

  Faults& faults() { return faults_; }
  void cut(const std::string& from, const std::string& to) { cuts_.emplace(from, to); }
  void heal() { cuts_.clear(); }

  // One message; `arrival` happens never, once, or twice. On one machine messages are quick and sure.
  void send(const std::string& from, const std::string& to, std::function<void()> arrival) {
    if (from == to) {
      timeline_.after(Duration(random_.between(20, 200)), std::move(arrival));
      return;
    }
    if (random_.chance(faults_.lost)) return;
    const int copies = random_.chance(faults_.doubled) ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
      Duration delay(random_.between(100, 3'000));
      if (random_.chance(faults_.late)) delay += Duration(random_.between(0, faults_.latest.count()));
      timeline_.after(delay, [this, link = std::pair(from, to), arrival] {
        if (!cuts_.contains(link)) arrival();
      });
    }
  }

  // A request and its reply, over messages. `serve` gets a function that sends the reply; `done` hears it, or nothing once `timeout` is over,
  // and is called once.
  template <typename Reply>
  void call(const std::string& from, const std::string& to, Duration timeout,
            std::function<void(std::function<void(Reply)>)> serve, std::function<void(std::optional<Reply>)> done) {
    auto waiting = std::make_shared<std::function<void(std::optional<Reply>)>>(std::move(done));
    const auto answer = [waiting](std::optional<Reply> reply) {
      if (const auto told = std::exchange(*waiting, nullptr)) told(std::move(reply));
    };
    timeline_.after(timeout, [answer] { answer(std::nullopt); });
    send(from, to, [this, from, to, serve = std::move(serve), answer] {
      serve([this, from, to, answer](Reply reply) {
        send(to, from, [answer, reply = std::move(reply)] { answer(reply); });
      });
    });
  }

 private:
  Timeline& timeline_;
  Random random_;
  Faults faults_;
  std::set<std::pair<std::string, std::string>> cuts_;  // from, to
};

}  // namespace scoria::sim
