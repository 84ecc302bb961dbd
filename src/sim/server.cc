#include "sim/server.h"

#include <utility>

#include "batch/attempts.h"
#include "batch/nodes.h"
#include "batch/notices.h"

namespace scoria::sim {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(100);
constexpr Duration kProviderPeriod = std::chrono::milliseconds(200);
constexpr Duration kRetryCommit = std::chrono::milliseconds(200);
constexpr Duration kReservePeriod = std::chrono::seconds(1);

}  // namespace

Server::Server(Timeline& timeline, Random random, Disk& disk, const MachineClock& clock, Outputs& outputs,
               batch::Settings settings)
    : timeline_(timeline),
      random_(random),
      disk_(disk),
      clock_(clock),
      outputs_(outputs),
      settings_(std::move(settings)),
      life_(timeline) {}

Status Server::start() {
  SCORIA_CHECK(!is_up());
  process_ = disk_.start_process();
  sqlite_ = std::make_unique<SqliteDisk>(*process_);
  auto opened = store::Store::open("state", {.vfs = sqlite_->name()});
  if (!opened.ok()) {
    sqlite_.reset();
    process_.reset();
    return opened.error();
  }
  store_ = std::move(opened).value();
  machine_ = std::make_unique<batch::Machine>(*store_, settings_);
  life_.begin();
  ++lives_;
  is_committing_ = is_full_ = is_turn_planned_ = false;
  SCORIA_TRY_STATUS(machine_->load(clock_.now()));
  tick();
  ask_providers();
  return Ok{};
}

void Server::kill() {
  if (!is_up()) return;
  life_.end();
  process_->kill();
  group_.clear();
  machine_.reset();
  store_.reset();
  sqlite_.reset();
  process_.reset();
  if (told_of_end_) told_of_end_();
}

void Server::tick() {
  ticks_.push_back({timeline_.now(), clock_.now().wall, lives_});
  machine_->tick(clock_.now());
  turn();
  life_.after(kTick, [this] { tick(); });
}

void Server::ask_providers() {
  for (auto& [name, provider] : providers_) {
    hear([name = name, statuses = provider->status()](batch::State& state) {
      batch::take_provider_status(state, name, statuses);
    });
  }
  life_.after(kProviderPeriod, [this] { ask_providers(); });
}

void Server::hear(std::function<void(batch::State&)> news) {
  machine_->hear(clock_.now(), news);
  turn();
}

void Server::change(Change change, batch::Work work, Answer answer) {
  if (!is_up()) return;
  if (work == batch::Work::more && (is_full_ || !store_->has_reserve())) {
    return answer(batch::disk_full());
  }
  machine_->change(clock_.now(), change, std::move(answer));
  turn();
}

void Server::sync(std::string pool, std::string node, std::string token_hash, std::string text, SyncAnswer answer) {
  if (!is_up()) return;
  auto request = spec::parse_sync_request(text);
  if (!request.ok()) return answer(request.error());
  machine_->sync(clock_.now(), {std::move(pool), std::move(node), std::move(token_hash), std::move(request).value(),
                                [answer = std::move(answer)](Result<spec::SyncReply> reply) {
                                  answer(reply.ok() ? Result<std::string>(spec::to_text(reply.value()))
                                                    : Result<std::string>(reply.error()));
                                }});
  turn();
}

// Groups what comes within a moment, as the owner's thread does under load.
void Server::turn() {
  if (is_full_) batch::refuse_full(machine_->gathering());
  if (is_committing_ || is_turn_planned_) return;
  is_turn_planned_ = true;
  life_.after(Duration(random_.between(0, 300)), [this] {
    is_turn_planned_ = false;
    if (is_committing_) return;
    machine_->committed();
    if (!machine_->take_group(clock_.now(), group_)) return;
    is_committing_ = true;
    machine_->committing(&group_.changes);
    Duration takes(random_.between(300, 6'000));
    if (random_.chance(faults_.slow_commit)) takes = Duration(random_.between(10'000, 2'000'000));
    life_.after(takes, [this] { commit(); });
  });
}

void Server::commit() {
  if (random_.chance(faults_.dies_in_commit)) process_->kill_at(1 + random_.below(12));
  const batch::Outcome outcome = batch::commit_once(*store_, group_);
  process_->cancel_kill();
  if (!process_->is_alive() || outcome == batch::Outcome::broken) return kill();
  is_full_ = outcome == batch::Outcome::full;
  if (is_full_) {
    batch::refuse_full(group_);
    batch::refuse_full(machine_->gathering());
    life_.after(kRetryCommit, [this] { commit(); });
    return;
  }
  if (!store_->has_reserve()) {
    life_.after(kReservePeriod, [this] {
      if (!is_committing_) store_->make_reserve();
    });
  }
  committed();
}

void Server::committed() {
  batch::Group done;
  std::swap(done, group_);
  machine_->committed();
  is_committing_ = false;
  act(std::move(done.effects));
  batch::answer_all(done, Ok{});
  turn();
}

void Server::act(batch::Effects effects) {
  for (const auto& [pool, node] : effects.release) {
    life_.after(Duration(random_.between(100, 5'000)), [this, pool = pool, node = node] {
      for (auto& [name, provider] : providers_) provider->release(pool, node);
    });
  }
  for (const pool::NodeRequest& one : effects.request) {
    const auto found = state().pools.find(batch::lower(one.pool));
    const std::string name = found == state().pools.end() ? "" : found->second->provider;
    life_.after(Duration(random_.between(100, 5'000)), [this, one, name] {
      const auto provider = providers_.find(name);
      const Status asked = provider == providers_.end() ? Status(Error{Code::unsupported, "no such provider"})
                                                        : provider->second->request(one);
      if (asked.ok()) return;
      hear([one, error = asked.error()](batch::State& state) {
        batch::request_failed(state, one.pool, one.node, error);
      });
    });
  }
  for (const spec::AttemptId attempt : effects.publish) {
    life_.after(Duration(random_.between(200, 20'000)), [this, attempt] { publish(attempt); });
  }
  for (const spec::AttemptId attempt : effects.discard) {
    life_.after(Duration(random_.between(200, 20'000)), [this, attempt] { outputs_.discard(attempt); });
  }
  for (const batch::Json& notice : effects.notices) {
    life_.after(Duration(random_.between(1'000, 50'000)), [this, id = notice.at("id").get<std::string>()] {
      const bool is_taken = random_.chance(0.7);
      hear([id, is_taken](batch::State& state) {
        is_taken ? batch::notice_delivered(state, id) : batch::notice_failed(state, id, "refused");
      });
    });
  }
}

void Server::publish(spec::AttemptId attempt) {
  (void)outputs_.publish(attempt);
  hear([attempt](batch::State& state) { batch::outputs_published(state, attempt); });
}

}  // namespace scoria::sim
