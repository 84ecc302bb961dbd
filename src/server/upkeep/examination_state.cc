// What the state's database holds, against itself.
#include <array>
#include <map>

#include "batch/state.h"
#include "server/upkeep/examination.h"
#include "server/upkeep/open_attempts.h"
#include "spec/json.h"
#include "store/state_file.h"

namespace scoria::server {
namespace {

using spec::Json;

constexpr std::size_t kMostFindings = 20;  // of a kind of finding: the rest is counted

const char* kind_name(store::Kind kind) {
  static constexpr std::array<const char*, 12> kNames = {"document", "account",  "pool",        "node",
                                                         "job",      "schedule", "preparation", "usage",
                                                         "notice",   "secret",   "token",       "upload"};
  const auto index = static_cast<std::size_t>(kind);
  return kNames[index < kNames.size() ? index : 0];
}

struct Counts {
  std::uint64_t active = 0, preparing = 0, running = 0, completed = 0;
  bool operator==(const Counts&) const = default;
  std::string text() const {
    return std::to_string(active) + " active, " + std::to_string(preparing) + " preparing, " + std::to_string(running) +
           " running, " + std::to_string(completed) + " completed";
  }
};

struct JobFacts {
  std::string id;
  bool is_deleting = false;
  Counts counts;
};

// What there is of documents, for what they say of each other.
struct Known {
  std::map<std::uint64_t, JobFacts> jobs;  // by number
  std::set<std::string> pools;             // lower-case
  std::set<std::string> pools_of_nodes;
  std::set<std::uint64_t> jobs_of_preparations;
  std::uint64_t next_job = 0, next_attempt = 0;
  bool has_numbers = false;
};

std::uint64_t number_at(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<std::uint64_t>() : 0;
}

// Errors: what is wrong with it.
Status take_document(const store::Document& document, Known& known) {
  const Json json = Json::parse(document.text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Error{Code::corrupt, "is no JSON object"};
  switch (document.kind) {
    case store::Kind::account:
      if (document.id == batch::kNumbersId) {
        known.has_numbers = true;
        known.next_job = number_at(json, "nextJob");
        known.next_attempt = number_at(json, "nextAttempt");
      }
      return Ok{};
    case store::Kind::pool: known.pools.insert(batch::lower(document.id)); return Ok{};
    case store::Kind::node: known.pools_of_nodes.insert(batch::lower(document.parent)); return Ok{};
    case store::Kind::preparation:
      known.jobs_of_preparations.insert(std::strtoull(document.parent.c_str(), nullptr, 10));
      return Ok{};
    case store::Kind::job: {
      const auto own = json.find(spec::kPrivate);
      if (own == json.end() || !own->is_object() || number_at(*own, "number") == 0 || !own->contains("counts")) {
        return Error{Code::corrupt, "lacks its number or its counts"};
      }
      const Json& counts = (*own)["counts"];
      const auto state = json.find("state");
      const bool is_deleting = state != json.end() && *state == "deleting";
      const JobFacts facts{.id = document.id,
                           .is_deleting = is_deleting,
                           .counts = {.active = number_at(counts, "active"),
                                      .preparing = number_at(counts, "preparing"),
                                      .running = number_at(counts, "running"),
                                      .completed = number_at(counts, "succeeded") + number_at(counts, "failed")}};
      if (!known.jobs.emplace(number_at(*own, "number"), facts).second) {
        return Error{Code::corrupt, "has the number of another job"};
      }
      return Ok{};
    }
    default: return Ok{};
  }
}

}  // namespace

void Examination::state() {
  const std::string restore = "restore a backup; or, to look further, open a copy of it with the sqlite3 program";
  auto opened = store::StateFile::open(data_ / "state");
  if (!opened.ok()) {
    if (opened.error().code == Code::not_found) {
      return problem("state/state.sqlite", "is missing", "restore a backup");
    }
    return problem("state/state.sqlite", opened.error().message, restore);
  }
  store::StateFile& file = *opened.value();
  const auto broken = file.integrity();
  if (!broken.ok()) return problem("state/state.sqlite", broken.error().message, restore);
  for (std::size_t i = 0; i < broken.value().size() && i < kMostFindings; ++i) {
    problem("state/state.sqlite", broken.value()[i], restore);
  }

  Known known;
  std::size_t bad = 0;
  const auto say = [&](const std::string& where, const std::string& what) {
    if (++bad <= kMostFindings) problem(where, what, restore);
  };
  const Status documents = file.each_document([&](const store::Document& document) -> Status {
    ++diagnosis.documents;
    if (const Status taken = take_document(document, known); !taken.ok()) {
      say(std::string(kind_name(document.kind)) + " '" + document.id + "'", taken.error().message);
    }
    return Ok{};
  });
  if (!documents.ok()) say("state/state.sqlite", documents.error().message);
  diagnosis.jobs = known.jobs.size();
  for (const std::string& pool : known.pools_of_nodes) {
    if (!known.pools.contains(pool)) say("nodes of pool '" + pool + "'", "are stored, and their pool is not");
  }
  for (const std::uint64_t job : known.jobs_of_preparations) {
    if (!known.jobs.contains(job)) {
      warning("job number " + std::to_string(job), "has stored preparation tasks, and is not stored itself",
              "nothing: it takes a little room");
    }
  }

  std::map<std::uint64_t, Counts> counted;
  std::uint64_t last_attempt = 0;
  const Status tasks = file.each_task([&](const store::TaskRow& row) -> Status {
    ++diagnosis.tasks;
    const std::string where = "task '" + row.id + "' of job number " + std::to_string(row.job);
    const Json info = Json::parse(row.info, nullptr, false), spec = Json::parse(row.spec, nullptr, false);
    if (!info.is_object() || !spec.is_object()) say(where, "cannot be read: its text is no JSON object");
    if (!known.jobs.contains(row.job)) {
      say(where, "belongs to no stored job");
    }
    if (info.is_object() && info.contains(spec::kPrivate) && info[spec::kPrivate].is_object()) {
      last_attempt = std::max(last_attempt, number_at(info[spec::kPrivate], "a"));
    }
    Counts& counts = counted[row.job];
    switch (row.state) {
      case store::TaskState::active: ++counts.active; break;
      case store::TaskState::preparing: ++counts.preparing; break;
      case store::TaskState::running: ++counts.running; break;
      case store::TaskState::completed: ++counts.completed; break;
    }
    return Ok{};
  });
  if (!tasks.ok()) say("state/state.sqlite", tasks.error().message);
  for (const auto& [number, job] : known.jobs) {
    if (job.is_deleting || job.counts == counted[number]) continue;
    say("job '" + job.id + "'", "counts " + job.counts.text() + "; stored are " + counted[number].text());
  }
  if (!known.jobs.empty() &&
      (!known.has_numbers || known.jobs.rbegin()->first >= known.next_job || last_attempt >= known.next_attempt)) {
    say("the next numbers of jobs and attempts", "are not behind all that were given");
  }
  if (bad > kMostFindings) {
    problem("state/state.sqlite", std::to_string(bad - kMostFindings) + " more findings of its documents and tasks",
            restore);
  }
  if (auto attempts = open_attempts(data_ / "state"); attempts.ok()) {
    attempts_ = std::move(attempts).value();
    knows_attempts_ = tasks.ok();
  }
}

}  // namespace scoria::server
