#include "sim/keeper.h"

#include <csignal>
#include <utility>

#include "node/launch.h"

namespace scoria::sim {

Keeper::Keeper(Timeline& timeline, Processes& processes, const MachineClock& clock, Place place, Spool& spool,
               std::string boot_id)
    : processes_(processes),
      clock_(clock),
      place_(std::move(place)),
      spool_(spool),
      life_(timeline),
      machine_(*this, std::move(boot_id)) {
  life_.begin();
  machine_.take_over(spool_);
}

Keeper::~Keeper() {
  for (const int pid : children_) {
    processes_.orphan(pid);
    if (leased_.contains(pid)) processes_.signal(pid, SIGKILL);  // as PR_SET_PDEATHSIG
  }
}

void Keeper::connect(std::function<void(node::Message)> to_agent) {
  to_agent_ = std::move(to_agent);
  node::Message hello;
  hello.kind = node::MessageKind::state;
  hello.state = machine_.state();
  tell(std::move(hello));
}

void Keeper::take(node::Message message) {
  std::vector<node::Message> messages;
  messages.push_back(std::move(message));
  machine_.take(messages);
  move_on();
}

void Keeper::move_on() {
  machine_.look_at_deadlines();
  flush_spool();
  const auto next = machine_.next_deadline_ms();
  if (!next) return;
  life_.after(std::chrono::milliseconds(*next - steady_ms() + 1), [this, next] {
    if (machine_.next_deadline_ms() == next) move_on();
  });
}

std::int64_t Keeper::steady_ms() const {
  return std::chrono::floor<std::chrono::milliseconds>(clock_.now().steady.time_since_epoch()).count();
}

std::int64_t Keeper::wall_us() const { return clock_.now().wall.time_since_epoch().count(); }

Result<node::KeeperSurroundings::Born> Keeper::spawn(const node::StartCommand& command) {
  SCORIA_TRY(order, node::Launcher::read_note(command.note));
  // A note holds no command line: what it runs is in the arguments.
  std::string line;
  for (const std::string& word : command.arguments) line += line.empty() ? word : " " + word;
  order.spec["commandLine"] = line;
  ProcessRun run{.attempt = command.attempt, .machine = place_.machine, .pool = place_.pool, .node = place_.node};
  run.order = std::move(order);
  const int pid = processes_.start(std::move(run), [this](int ended, int exit_code) {
    machine_.ended(ended, exit_code, exit_code > 128);
    move_on();
  });
  children_.push_back(pid);
  if (command.lease_until_ms > 0) leased_.insert(pid);
  auto& entry = spool_[command.attempt];  // its birth: written by the process itself, before it runs
  entry.kept.attempt = command.attempt;
  entry.kept.pid = pid;
  return Born{.pid = pid, .born_ms = steady_ms()};
}

void Keeper::spool_intent(std::uint64_t attempt, const std::string& note) {
  unflushed_.push_back([this, attempt, note] {
    spool_[attempt].kept.attempt = attempt;
    spool_[attempt].kept.note = note;
  });
}

void Keeper::spool_ending(const node::Ending& ending) {
  unflushed_.push_back([this, ending] {
    if (const auto entry = spool_.find(ending.attempt); entry != spool_.end()) entry->second.kept.ending = ending;
  });
}

void Keeper::spool_forgotten(std::uint64_t attempt) {
  unflushed_.push_back([this, attempt] { spool_.erase(attempt); });
}

void Keeper::flush_spool() {
  for (auto& record : std::exchange(unflushed_, {})) record();
}

void Keeper::tell(node::Message message) {
  if (to_agent_) to_agent_(std::move(message));
}

void Keeper::tell_started(const node::StartedNotice& notice) {
  node::Message message;
  message.kind = node::MessageKind::started;
  message.started = notice;
  tell(std::move(message));
}

void Keeper::tell_ended(const node::Ending& ending) {
  node::Message message;
  message.kind = node::MessageKind::ended;
  message.ending = ending;
  tell(std::move(message));
}

}  // namespace scoria::sim
