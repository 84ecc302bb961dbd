#include "batch/service.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <future>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "batch/attempts.h"
#include "batch/commit_thread.h"
#include "batch/machine.h"
#include "batch/nodes.h"
#include "batch/worker_thread.h"
#include "spec/errors.h"

namespace scoria::batch {
namespace {

constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::milliseconds kProviderPeriod{200};
constexpr std::chrono::seconds kPublishRetry{1};

Error stopping() { return Error{Code::unavailable, "the server stops", "ServerBusy"}; }

}  // namespace

struct Service::Parts {
  Parts(store::Store& with_store, std::map<std::string, scoria::pool::Provider*> with_providers,
        const Clock& with_clock, Settings settings, Hooks with_hooks)
      : providers(std::move(with_providers)),
        clock(with_clock),
        hooks(std::move(with_hooks)),
        machine(with_store, std::move(settings)),
        store(with_store) {}

  using Input = std::function<void(Machine&, Now)>;

  void begin();
  void end();
  bool post(Input input);
  // News for the machine, of what its effects asked for.
  void tell(std::function<void(State&)> news) {
    (void)post([news = std::move(news)](Machine& m, Now now) { m.hear(now, news); });
  }

  // On the owner's thread.
  void run(const std::stop_token& stop);
  void close_group();
  void publish_metrics();
  bool has_inputs();

  // On the committing thread.
  void act(Effects effects);
  // On the outputs' thread.
  void publish(AttemptId attempt);
  // On the providers' thread.
  scoria::pool::Provider* find_provider(const std::string& pool);
  void ask_providers();

  std::map<std::string, scoria::pool::Provider*> providers;
  const Clock& clock;
  Hooks hooks;
  Machine machine;  // the owner's
  store::Store& store;
  Group group;                                         // the owner's, until it is handed over
  std::chrono::steady_clock::time_point next_metrics;  // the owner's

  std::mutex inputs_mutex;  // held for a moment by anybody, with no other lock
  std::condition_variable_any inputs_changed;
  std::deque<Input> inputs;     // guarded by inputs_mutex
  bool is_commit_over = false;  // guarded by inputs_mutex
  bool takes_inputs = true;     // guarded by inputs_mutex
  std::map<std::string, std::string>
      provider_of;  // by pool, lower-case, of requests under way; guarded by inputs_mutex
  mutable std::mutex metrics_mutex;
  Metrics metrics;  // guarded by metrics_mutex

  std::unique_ptr<WorkerThread> outputs_thread, providers_thread;
  std::unique_ptr<CommitThread> committer;
  std::jthread owner;
};

void Service::Parts::begin() {
  outputs_thread = std::make_unique<WorkerThread>();
  providers_thread = std::make_unique<WorkerThread>([this] { ask_providers(); }, kProviderPeriod);
  committer = std::make_unique<CommitThread>(
      store, CommitThread::Callbacks{.act = [this](Effects effects) { act(std::move(effects)); },
                                     .idle =
                                         [this] {
                                           const std::lock_guard hold(inputs_mutex);
                                           is_commit_over = true;
                                           inputs_changed.notify_one();
                                         }});
  owner = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Service::Parts::end() {
  {
    const std::lock_guard hold(inputs_mutex);
    takes_inputs = false;
  }
  owner.request_stop();
  if (owner.joinable()) owner.join();
  committer.reset();
  // What they post is not taken any more: a start does it again.
  providers_thread->stop();
  outputs_thread->stop();
}

bool Service::Parts::has_inputs() {
  const std::lock_guard hold(inputs_mutex);
  return !inputs.empty();
}

bool Service::Parts::post(Input input) {
  const std::lock_guard hold(inputs_mutex);
  if (!takes_inputs) return false;
  inputs.push_back(std::move(input));
  inputs_changed.notify_one();
  return true;
}

void Service::Parts::run(const std::stop_token& stop) {
  auto next_tick = std::chrono::steady_clock::now();
  bool has_news = true;  // of the start
  for (;;) {
    std::deque<Input> taken;
    {
      std::unique_lock lock(inputs_mutex);
      inputs_changed.wait_until(lock, stop, next_tick, [&] { return !inputs.empty() || is_commit_over; });
      taken.swap(inputs);
      is_commit_over = false;
    }
    for (Input& input : taken) {
      try {
        input(machine, clock.now());
      } catch (const std::exception& bug) {  // a node's message; who asked hears nothing, and asks again
        log::error("bug", {{"what", bug.what()}});
      }
    }
    has_news = has_news || !taken.empty();
    if (const auto now = std::chrono::steady_clock::now(); now >= next_tick) {
      next_tick = now + kTick;
      machine.tick(clock.now());
      publish_metrics();
      has_news = true;
    }
    if (committer->is_stuck()) refuse_full(machine.gathering());
    const bool is_idle = committer->is_idle();
    if (is_idle && (has_news || stop.stop_requested())) {
      close_group();
      has_news = false;
    }
    if (!stop.stop_requested() || has_inputs()) continue;
    // All inputs of before the stop are in, as none is taken since.
    machine.answer_waiting();
    while (!committer->is_idle() && !committer->is_full()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (committer->is_idle()) {
      close_group();
    } else {
      answer_all(machine.gathering(), stopping());
    }
    return;
  }
}

void Service::Parts::close_group() {
  machine.committed();
  if (!machine.take_group(clock.now(), group)) return;
  if (!group.effects.request.empty()) {
    const std::lock_guard hold(inputs_mutex);
    provider_of.clear();
    for (const auto& [id, pool] : machine.state().pools) provider_of.emplace(id, pool->provider);
  }
  committer->hand_over(group);
  machine.committing(&committer->written());
}

void Service::Parts::publish_metrics() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_metrics) return;
  next_metrics = now + std::chrono::seconds(1);
  Metrics fresh;
  const State& state = machine.state();
  for (const auto& [id, pool] : state.pools) {
    for (const auto& [key, node] : pool->nodes) ++fresh.nodes_by_state[std::string(node_state_name(node->state))];
  }
  for (const auto& [id, job] : state.jobs) {
    fresh.tasks.active += job->counts.active;
    fresh.tasks.preparing += job->counts.preparing;
    fresh.tasks.running += job->counts.running;
    fresh.tasks.active_slots += job->counts.active_slots;
    fresh.tasks.running_slots += job->counts.running_slots;
  }
  fresh.tasks.succeeded = fresh.tasks_completed_total = state.totals.completed;
  fresh.tasks.failed = fresh.tasks_failed_total = state.totals.failed;
  fresh.tasks_requeued_total = state.totals.requeued;
  fresh.queue_wait_seconds_sum = state.totals.queue_wait_seconds;
  fresh.run_seconds_sum = state.totals.run_seconds;
  fresh.autoscale_evaluations_total = state.autoscale_evaluations;
  fresh.autoscale_errors_total = state.autoscale_errors;
  const CommitThread::Counts commits = committer->counts();
  fresh.commits_total = commits.commits;
  fresh.commit_seconds_sum = commits.seconds;
  const std::lock_guard hold(metrics_mutex);
  metrics = std::move(fresh);
}

void Service::Parts::act(Effects effects) {
  if (!effects.request.empty() || !effects.release.empty()) {
    providers_thread->post([this, release = std::move(effects.release), request = std::move(effects.request)] {
      // Releasing what a provider does not have is no error, and the pool may be gone: all are told.
      for (const auto& [pool, node] : release) {
        for (auto& [name, provider] : providers) provider->release(pool, node);
      }
      for (const scoria::pool::NodeRequest& one : request) {
        scoria::pool::Provider* provider = find_provider(one.pool);
        const Status asked =
            provider == nullptr
                ? Status(Error{Code::unsupported, "pool '" + one.pool + "' is of a provider that this server has not"})
                : provider->request(one);
        if (asked.ok()) continue;
        tell([one, error = asked.error()](State& s) { request_failed(s, one.pool, one.node, error); });
      }
    });
  }
  for (const AttemptId attempt : effects.publish) {
    outputs_thread->post([this, attempt] { publish(attempt); });
  }
  for (const AttemptId attempt : effects.discard) {
    outputs_thread->post([this, attempt] {
      if (hooks.discard_outputs) hooks.discard_outputs(attempt);
    });
  }
  for (const Json& notice : effects.notices) {
    if (hooks.deliver) hooks.deliver(notice);
  }
}

void Service::Parts::publish(AttemptId attempt) {
  const Status published = hooks.publish_outputs ? hooks.publish_outputs(attempt) : Status(Ok{});
  // Nothing there: they are visible already, and this is said again after a crash.
  if (published.ok() || published.error().code == Code::not_found) {
    tell([attempt](State& s) { outputs_published(s, attempt); });
    return;
  }
  log::warn("publish_failed", {{"attempt", attempt}, {"why", published.error().message}});
  std::this_thread::sleep_for(kPublishRetry);
  const std::lock_guard hold(inputs_mutex);
  if (takes_inputs) outputs_thread->post([this, attempt] { publish(attempt); });
}

scoria::pool::Provider* Service::Parts::find_provider(const std::string& pool) {
  const std::lock_guard hold(inputs_mutex);
  const auto name = provider_of.find(lower(pool));
  const auto provider = name == provider_of.end() ? providers.end() : providers.find(name->second);
  return provider == providers.end() ? nullptr : provider->second;
}

void Service::Parts::ask_providers() {
  for (auto& [name, provider] : providers) {
    tell([name = name, statuses = provider->status()](State& s) { take_provider_status(s, name, statuses); });
  }
}

Service::Service(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Service::~Service() { stop(); }

Result<std::unique_ptr<Service>> Service::start(store::Store& store,
                                                std::map<std::string, scoria::pool::Provider*> providers,
                                                const Clock& clock, Settings settings, Hooks hooks) {
  auto parts = std::make_unique<Parts>(store, std::move(providers), clock, std::move(settings), std::move(hooks));
  SCORIA_TRY_STATUS(parts->machine.load(clock.now()));
  parts->begin();
  return std::unique_ptr<Service>(new Service(std::move(parts)));
}

void Service::write(std::function<Result<Json>(State&)> change, std::function<void(Result<Json>)> done, Work work) {
  auto shared = std::make_shared<std::function<void(Result<Json>)>>(std::move(done));
  const bool is_taken =
      parts_->post([parts = parts_.get(), change = std::move(change), shared, work](Machine& m, Now now) {
        if (work == Work::more && parts->committer->is_full()) return (*shared)(disk_full());
        m.change(now, change, std::move(*shared));
      });
  if (!is_taken) (*shared)(stopping());
}

Result<Json> Service::write_and_wait(std::function<Result<Json>(State&)> change, Work work) {
  auto answer = std::make_shared<std::promise<Result<Json>>>();
  auto result = answer->get_future();
  write(
      std::move(change), [answer](Result<Json> done) { answer->set_value(std::move(done)); }, work);
  return result.get();
}

void Service::sync(std::string pool, std::string node, std::string token_hash, spec::SyncRequest request,
                   const std::function<void(Result<spec::SyncReply>)>& done) {
  auto shared = std::make_shared<WaitingNodes::Request>(
      WaitingNodes::Request{std::move(pool), std::move(node), std::move(token_hash), std::move(request), done});
  const bool is_taken = parts_->post([shared](Machine& m, Now now) { m.sync(now, std::move(*shared)); });
  if (!is_taken) done(stopping());
}

void Service::ask_for_file(std::string pool, std::string node, spec::FileOrder order) {
  (void)parts_->post([pool = std::move(pool), node = std::move(node), order = std::move(order)](Machine& m, Now) {
    m.ask_for_file(pool, node, order);
  });
}

Metrics Service::metrics() const {
  const std::lock_guard hold(parts_->metrics_mutex);
  return parts_->metrics;
}

void Service::stop() { parts_->end(); }

}  // namespace scoria::batch
