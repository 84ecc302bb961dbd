// The life of a store on a simulated disk, from one seed: random commits, deaths in the middle of them, power cuts, failed syncs, a full disk;
// after each restart the store must hold what it confirmed, and of what it did not confirm all or nothing.
// Threads: one.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/disk.h"
#include "sim/sqlite_disk.h"
#include "store/store.h"

namespace scoria::sim {

class StoreLife {
 public:
  struct Options {
    int restarts = 4;
    int commits = 12;         // at most, between two restarts
    double crashes = 0.7;     // of the restarts are power cuts, the others kills
    double failed_syncs = 0;  // of the syncs
    bool is_disk_small = false;
    bool ignores_syncs = false;
    std::size_t largest_text = 6000;
  };

  StoreLife(std::uint64_t seed, Options options)
      : options_(options), random_(Random(seed).fork("life")), disk_(Random(seed).fork("disk")) {
    SqliteDisk::seed_sqlite(static_cast<std::uint32_t>(seed));
    disk_.faults().ignores_syncs = options.ignores_syncs;
  }

  // What went wrong; empty: nothing.
  std::string run() {
    for (int restart = 0; restart <= options_.restarts && wrong_.empty(); ++restart) {
      if (start()) commit_until_it_ends();
      end();
    }
    is_over_ = true;
    if (wrong_.empty() && !start() && wrong_.empty()) wrong_ = "does not open after the last restart";
    return wrong_;
  }

  int confirmed() const { return confirmed_; }
  int refused() const { return refused_; }  // for want of room
  int unknown() const { return unknown_; }  // failed, so that nobody knows
  Disk& disk() { return disk_; }

 private:
  // All of it, for comparison.
  struct State {
    std::map<std::string, std::string> documents;
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> tasks;
    bool operator==(const State&) const = default;
  };

  static std::string text_of(const store::TaskRow& row) {
    return row.id + "/" + std::to_string(static_cast<int>(row.state)) + "/" + row.info + "/" + row.spec;
  }

  std::string text() {
    const std::size_t most = random_.chance(0.1) ? options_.largest_text : 60;
    return std::string(random_.below(most), static_cast<char>('a' + random_.below(26)));
  }

  void change_something(store::Changes& changes, State& state) {
    const std::string id = "p" + std::to_string(random_.below(12));
    std::uint64_t& job = random_.pick(jobs_);
    switch (random_.below(6)) {
      case 0:
        changes.erase(store::Kind::pool, "", id);
        state.documents.erase(id);
        break;
      case 1:
      case 2: {
        const std::uint64_t number = ++last_number_;
        store::TaskRow row{job, number, "t" + std::to_string(number), store::TaskState::active, text(), text()};
        state.tasks[{job, number}] = text_of(row);
        changes.add_task(std::move(row));
        break;
      }
      case 3:
        if (random_.chance(0.1)) {
          changes.erase_tasks(job);
          std::erase_if(state.tasks, [&](const auto& task) { return task.first.first == job; });
          job = ++last_job_;  // a deleted job's number is not used again
        } else if (!state.tasks.empty()) {
          const auto [key, was] = random_.pick(state.tasks);
          changes.erase_task(key.first, key.second);
          state.tasks.erase(key);
        }
        break;
      default: {
        std::string value = text() + std::to_string(++stamp_);
        changes.put({store::Kind::pool, "", id, value});
        state.documents[id] = std::move(value);
      }
    }
  }

  // Compares what the store holds with what it must; says so in wrong_.
  void check() {
    State found;
    const auto documents = store_->list(store::Kind::pool, "", "", 1000);
    if (!documents.ok()) return fail(documents.error().message);
    for (const auto& document : documents.value()) found.documents[document.id] = document.text;
    for (std::uint64_t job = 1; job <= last_job_; ++job) {
      const auto rows = store_->tasks(job, 0, 100'000, std::nullopt);
      if (!rows.ok()) return fail(rows.error().message);
      for (const auto& row : rows.value()) found.tasks[{row.job, row.number}] = text_of(row);
    }
    if (found != state_ && possible_ && found == *possible_) state_ = std::move(*possible_);
    possible_.reset();
    if (found != state_) fail("holds something else than was confirmed");
  }
  void fail(std::string what) {
    // A dead process and a failed sync answer anything.
    if (process_->is_alive() && disk_.counters().failed_syncs == syncs_failed_before_) wrong_ = std::move(what);
  }

  bool start() {
    syncs_failed_before_ = disk_.counters().failed_syncs;
    const bool is_full = options_.is_disk_small && !is_over_;
    // Sometimes there is no room for the reserve.
    disk_.set_room(is_full && random_.chance(0.5) ? std::optional(random_.below(2 << 20)) : std::nullopt);
    process_ = disk_.start_process();
    sqlite_ = std::make_unique<SqliteDisk>(*process_);
    if (random_.chance(0.3) && !is_over_) process_->kill_at(1 + random_.below(60));
    auto opened = store::Store::open("/data", {.vfs = sqlite_->name()});
    if (!opened.ok()) {
      if (disk_.room() && opened.error().code == Code::exhausted) return false;
      fail(opened.error().message);
      return false;
    }
    store_ = std::move(opened).value();
    check();
    if (!is_over_) disk_.faults().failed_syncs = options_.failed_syncs;
    if (is_full && !disk_.room()) disk_.set_room(random_.below(1 << 20));
    return wrong_.empty() && process_->is_alive();
  }

  void commit_until_it_ends() {
    process_->kill_at(1 + random_.below(static_cast<std::uint64_t>(options_.commits) * 25));
    for (int i = 0; i < options_.commits && process_->is_alive(); ++i) {
      store::Changes changes;
      State after = state_;
      for (std::uint64_t left = 1 + random_.below(5); left > 0; --left) change_something(changes, after);
      if (changes.empty()) continue;
      const std::uint64_t syncs_failed = disk_.counters().failed_syncs;
      const Status committed = store_->commit(changes);
      if (committed.ok()) {
        ++confirmed_;
        state_ = std::move(after);
        continue;
      }
      if (process_->is_alive() && committed.error().code == Code::exhausted && options_.is_disk_small) {
        ++refused_;
        continue;
      }
      ++unknown_;
      possible_ = std::move(after);
      if (!process_->is_alive()) return;
      if (committed.error().code != Code::unavailable || disk_.counters().failed_syncs == syncs_failed) {
        wrong_ = "refuses without need: " + committed.error().message;
      }
      return;  // as the server: nobody commits after that
    }
    if (random_.chance(0.5)) check();
  }

  void end() {
    if (sqlite_->waits() > 0) wrong_ = "waits for a lock";
    disk_.faults().failed_syncs = 0;
    if (random_.chance(0.2)) store_.reset();  // in order
    process_->kill();
    store_.reset();
    sqlite_.reset();
    if (random_.chance(options_.crashes)) disk_.crash();
  }

  Options options_;
  Random random_;
  Disk disk_;
  std::unique_ptr<Disk::Process> process_;
  std::unique_ptr<SqliteDisk> sqlite_;
  std::unique_ptr<store::Store> store_;
  State state_;                    // confirmed, or read after a restart
  std::optional<State> possible_;  // or this, of the commit that nobody knows the end of
  std::array<std::uint64_t, 3> jobs_ = {1, 2, 3};
  std::uint64_t last_job_ = 3, last_number_ = 0, stamp_ = 0, syncs_failed_before_ = 0;
  int confirmed_ = 0, refused_ = 0, unknown_ = 0;
  bool is_over_ = false;  // the last start, without faults
  std::string wrong_;
};

}  // namespace scoria::sim
