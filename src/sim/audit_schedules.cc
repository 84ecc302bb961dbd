// Whether schedules fired exactly by their tables, "* * * * *" all: by arithmetic over the moments at which the server looked at its clock.
// A minute fires at most once, whatever the clock does. Of one that comes late (more than a minute: the server was down, or the clock was set
// ahead) catchUp decides; as another one is due each minute, "last" makes up for nothing. What was fired shortly before the server died may not
// have been durable, so it is expected of nobody; and where overlap is not "allow", how many are fired depends on how long jobs run, so that only
// too many can be told, and two at once.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "batch/jobs.h"
#include "sim/auditor.h"

namespace scoria::sim {
namespace {

using batch::Json;
using Kind = Operation::Kind;
using Outcome = Operation::Outcome;
using std::chrono::floor;
using std::chrono::minutes;
using Minute = std::chrono::time_point<std::chrono::system_clock, minutes>;

constexpr Duration kLate = std::chrono::seconds(60);
constexpr Duration kCertain = std::chrono::seconds(90);  // no commit takes longer
constexpr Duration kSlack = std::chrono::milliseconds(400);

class ScheduleAudit {
 public:
  explicit ScheduleAudit(const Evidence& evidence) : evidence_(evidence) {
    for (const Server::Tick& tick : evidence.ticks) last_of_life_[tick.life] = tick.at;
  }

  std::vector<std::string> run() {
    read_history();
    for (const auto& [id, times] : schedules_) {
      if (times.add != nullptr && !times.is_deleted && times.add->outcome == Outcome::acknowledged) check(id, times);
    }
    return std::move(broken_);
  }

 private:
  struct Times {
    const Operation* add = nullptr;
    Duration end_asked{0}, end_heard{0};
    bool is_deleted = false;
  };
  struct Count {
    int certain = 0, possible = 0;
  };

  void read_history() {
    for (const Operation& operation : evidence_.history) {
      Times& times = schedules_[operation.job];
      switch (operation.kind) {
        case Kind::add_schedule:
          times = {.add = &operation, .end_asked = evidence_.calm, .end_heard = evidence_.schedules_ended};
          break;
        case Kind::delete_schedule: times.is_deleted = true; break;
        case Kind::end_schedule:
          times.end_asked = operation.asked;
          times.end_heard = operation.heard.value_or(times.end_heard);
          break;
        default: break;
      }
    }
  }

  // What a tick did was durable for certain: the server lived on for long enough.
  bool is_certain(const Server::Tick& tick) const {
    return tick.life == last_of_life_.rbegin()->first || last_of_life_.at(tick.life) - tick.at > kCertain;
  }

  Count due(const Times& times, bool makes_up) const {
    // Which time the server may have seen when it added the schedule.
    std::optional<WallTime> earliest, latest;
    for (const Server::Tick& tick : evidence_.ticks) {
      if (tick.at < times.add->asked - kSlack || tick.at > *times.add->heard + kSlack) continue;
      earliest = std::min(earliest.value_or(tick.wall), tick.wall);
      latest = std::max(latest.value_or(tick.wall), tick.wall);
    }
    if (!earliest) return {.certain = 0, .possible = 1'000'000};
    const Minute first = floor<minutes>(*earliest - kSlack) + minutes(1);
    std::set<Minute> possible;
    Minute begin = first;
    for (const Server::Tick& tick : evidence_.ticks) {
      if (tick.at < times.add->asked - kSlack || tick.at > times.end_heard + kSlack) continue;
      const Minute newest = floor<minutes>(tick.wall);
      for (; makes_up && begin <= newest; begin += minutes(1)) possible.insert(begin);
      for (const Minute minute : {newest, newest - minutes(1)}) {
        if (minute >= first && tick.wall - minute <= kLate + kSlack) possible.insert(minute);
      }
    }
    Count count{.certain = 0, .possible = static_cast<int>(possible.size())};
    Minute next = floor<minutes>(*latest + kSlack) + minutes(1);
    for (const Server::Tick& tick : evidence_.ticks) {
      if (tick.at < *times.add->heard + kSlack || tick.at > times.end_asked - kSlack) continue;
      for (; next <= tick.wall; next += minutes(1)) {
        if ((makes_up || tick.wall - next <= kLate) && is_certain(tick)) ++count.certain;
      }
    }
    return count;
  }

  void check(const std::string& id, const Times& times) {
    const Json& table = times.add->body.at("schedule");
    const std::string prefix = id + ":job-";
    std::set<int> made;
    const auto jobs = evidence_.store.list(store::Kind::job, std::nullopt, "", 100'000);
    if (!jobs.ok()) return broken_.push_back("the jobs of the store cannot be read: " + jobs.error().message);
    for (const store::Document& document : jobs.value()) {
      if (document.id.starts_with(prefix)) made.insert(std::stoi(document.id.substr(prefix.size())));
    }
    const Count count = due(times, table.at("catchUp") == "all");
    const std::string overlap = table.at("overlap");
    const std::string name =
        "schedule '" + id + "' (overlap " + overlap + ", catch up " + table.at("catchUp").get<std::string>() + ")";
    const auto number = static_cast<int>(made.size());
    if (number > count.possible) {
      broken_.push_back(name + " made " + std::to_string(number) + " jobs, and at most " +
                        std::to_string(count.possible) + " were due");
    }
    if (overlap != "allow") return check_overlap(name, prefix, made);
    if (number < count.certain) {
      broken_.push_back(name + " made " + std::to_string(number) + " jobs, and at least " +
                        std::to_string(count.certain) + " were due");
    }
  }

  // Of two jobs in a row the second begins when the first has ended: as far as runs of its one task show that.
  void check_overlap(const std::string& name, const std::string& prefix, const std::set<int>& made) {
    std::map<std::string, std::vector<const ProcessRun*>> runs;
    for (const ProcessRun& run : evidence_.runs) {
      if (run.order.job.starts_with(prefix)) runs[run.order.job].push_back(&run);
    }
    for (const int number : made) {
      const auto& first = runs[prefix + std::to_string(number)];
      const auto& second = runs[prefix + std::to_string(number + 1)];
      if (first.size() != 1 || second.empty() || first.front()->exit_code != 0) continue;
      if (second.front()->started >= *first.front()->ended) continue;
      broken_.push_back(name + " began job " + std::to_string(number + 1) + " while job " + std::to_string(number) +
                        " ran");
    }
  }

  const Evidence& evidence_;
  std::map<int, Duration> last_of_life_;
  std::map<std::string, Times> schedules_;
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> audit_schedules(const Evidence& evidence) { return ScheduleAudit(evidence).run(); }

}  // namespace scoria::sim
