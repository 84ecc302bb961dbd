// What a node and the server say to each other: one kind of exchange, POST /node/v1/{pool}/{node}/sync, in JSON.
//
// The exchange is level-triggered: the node says which attempts it holds, the server answers with what is missing and what must go.
// Lost, late and repeated messages therefore do no harm: a start of an attempt that is held, or was, is ignored; a stop of one that is not
// held is answered by its absence. What a node reports is durable when it is answered; until then the node says it again.
// A node keeps up to one request waiting (wait_ms) and may send another beside it at any time, with what just happened; the server then
// answers the waiting one empty. Numbers grow: of two requests the one with the higher `sequence` says what is held.
// Threads: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spec/json.h"

namespace scoria::spec {

// The fencing number of one attempt to run one thing: grows over the server's whole life, and is never used twice.
using AttemptId = std::uint64_t;

enum class RunKind { task, start_task, preparation, release, images };  // images: fetches the pool's, before all else
enum class Phase { queued, preparing, running, ended };  // preparing: fetches its resource files or image

// Everything a node needs to run one attempt. Paths are relative to the node's root folder.
struct StartOrder {
  AttemptId attempt = 0;
  RunKind kind = RunKind::task;
  std::string job;        // empty for a start task
  std::string task;       // its id; "jobpreparation" and "jobrelease" by default
  std::string directory;  // "workitems/j1/job-1/t1", "startup"
  int slots = 1;          // how many of the node's it takes; 0 for start, preparation and release tasks
  bool may_wait = false;  // sent ahead: starts when slots are free, without asking again
  // commandLine, containerSettings, resourceFiles, outputFiles, environmentSettings, constraints, userIdentity, as submitted; secrets unresolved.
  // Environment settings are the job's and the task's, merged. containerRegistries: the pool's, where there are containerSettings; of `images`
  // there are these and containerImageNames.
  Json spec;
  std::string preparation_directory;  // of the job's preparation task, where it has one
  std::string token;                  // AZ_BATCH_AUTHENTICATION_TOKEN, where the task asked for it
  std::vector<int> devices;           // indexes of GPUs (or what the pool counts as such) that are this attempt's alone
  int retry = 0;                      // how often the task ran before
};

struct StopOrder {
  AttemptId attempt = 0;
  std::string
      reason;  // "terminated", "timeout", "preempted", "node_leaves", "lost_fence", "take_back" (only if it has not started)
  std::int64_t grace_ms = 0;  // between SIGTERM and SIGKILL
};

// What ended an attempt without, or beside, its exit code.
struct Failure {
  std::string category;  // "usererror", "servererror"
  std::string code;      // "FailureExitCode", "BlobNotFound", "CommandProgramNotFound", ...
  std::string message;
  std::vector<std::pair<std::string, std::string>> details;
};

struct Event {
  enum class Kind { preparing, started, ended } kind = Kind::started;
  AttemptId attempt = 0;
  std::int64_t at_us = 0;  // the node's wall clock, microseconds since 1970
  // Of `ended`:
  std::optional<int> exit_code;  // 128 + signal where a signal ended it; absent where nothing ran
  std::optional<Failure> failure;
  bool has_outputs = false;  // outputs wait under this attempt in our own storage, to be published
  std::string reason;        // of its StopOrder, where one ended it
  std::string container;     // its id, where it ran in one
};

struct Held {
  AttemptId attempt = 0;
  Phase phase = Phase::queued;
};

// Once per session, and again when it changes.
struct NodeFacts {
  std::string agent_version;
  std::string ip_address;
  int cores = 0;
  std::uint64_t memory_bytes = 0;
  std::vector<int> devices;
  std::string boot_id;  // of the keeper that owns the tasks: another one means that everything held before is gone
  std::string root_directory;
};

// Every 30 s: what autoscale formulas see of a node.
struct NodeSample {
  std::int64_t at_us = 0;
  double cpu_percent = 0;  // 0 to 100
  double memory_bytes = 0, disk_bytes = 0;
  double disk_read_bytes = 0, disk_write_bytes = 0, disk_read_ops = 0, disk_write_ops = 0;  // since the last sample
  double network_in_bytes = 0, network_out_bytes = 0;
};

struct SyncRequest {
  std::string session;         // random, new with every start of the agent
  std::uint64_t sequence = 0;  // grows by one with each request of a session
  std::vector<Held> held;
  std::vector<Event> events;  // oldest first; again until answered
  std::optional<NodeFacts> facts;
  std::optional<NodeSample> sample;
  std::vector<std::string> removed;  // of an answer's remove_jobs: what is gone; again until answered
  std::string trouble;               // "disk_full": takes no new work; empty: none
  bool retains_data = false;         // it has directories of ended tasks whose retention time is not over
  std::int64_t wait_ms = 0;  // how long the server may hold the answer while there is nothing to say; at most 20,000
};

enum class NodeOrder { none, reboot, reimage, leave };  // each: stop what is held first (the server sends the stops)

// A file or folder of the node that a client asks for; answered by POST /node/v1/{pool}/{node}/files/{id}.
struct FileOrder {
  std::uint64_t id = 0;
  std::string action;  // "list", "list_recursive", "properties", "read", "delete"
  std::string path;    // relative to the node's root
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

struct SyncReply {
  std::vector<StartOrder> start;
  std::vector<StopOrder> stop;
  std::vector<FileOrder> files;
  std::vector<std::string> remove_jobs;  // directories of deleted jobs: "workitems/j1"
  NodeOrder order = NodeOrder::none;
  bool is_known = true;  // false: the node is none of the pool's any more: stop everything and leave
};

// Both directions, each message at most 4 MiB of JSON: field names and enumerators as above, what is empty or zero left out, pairs as
// ["name","value"]. A failure's message is cut to 8 KiB. Unknown fields are skipped. Ids are at most 128 characters, paths relative and
// without "..". Errors: invalid (the field and what it must be), too_large.
std::string to_text(const SyncRequest& request);
std::string to_text(const SyncReply& reply);
Result<SyncRequest> parse_sync_request(std::string_view text);
Result<SyncReply> parse_sync_reply(std::string_view text);

}  // namespace scoria::spec
