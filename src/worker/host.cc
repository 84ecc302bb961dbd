#include "worker/host.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/log.h"
#include "worker/client_line.h"
#include "worker/crew.h"
#include "worker/local_socket.h"
#include "worker/resident.h"

namespace scoria::worker {
namespace {

using nlohmann::json;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kMostWorkers = 128;  // of one lease: their descriptors travel in one message
constexpr std::size_t kMostClients = 256;
constexpr std::chrono::seconds kLockPatience{5};
constexpr int kHousekeepingMs = 30'000;

json error_answer(const Error& error) {
  return {{"error", {{"code", code_name(error.code)}, {"message", error.message}}}};
}

// A request that cannot be answered yet; those behind it wait.
struct Pending {
  std::vector<std::uint64_t> lease;     // workers that have to call
  std::optional<std::uint64_t> ending;  // a worker that has to end
};

struct Client {
  explicit Client(node::Descriptor socket) : line(std::move(socket)) {}
  ClientLine line;
  std::optional<Pending> pending;
  std::set<std::uint64_t> workers;
  bool is_gone = false;
};

// Of "r-7"; 0: it is none.
std::uint64_t worker_id(const std::string& text) {
  std::uint64_t id = 0;
  const auto dash = text.find('-');
  if (dash == std::string::npos) return 0;
  const auto [end, error] = std::from_chars(text.data() + dash + 1, text.data() + text.size(), id);
  return error == std::errc{} && end == text.data() + text.size() ? id : 0;
}

class Host {
 public:
  explicit Host(HostConfig config) : config_(std::move(config)), crew_(config_.folder) {}
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  Status open();
  Status run();

 private:
  void accept_client();
  void serve(Client& client);
  void answer(Client& client, const json& request);
  Result<json> lease(Client& client, const json& request);
  void settle(Client& client);
  bool settle_lease(Client& client, const std::vector<std::uint64_t>& ids);
  json list() const;
  json tell_end(Client& client, WorkerRecord& worker);
  WorkerRecord* worker_of(Client& client, const json& request);
  void part_with(Client& client);

  HostConfig config_;
  node::Descriptor lock_, listener_, signals_;
  Crew crew_;
  std::vector<std::unique_ptr<Client>> clients_;
  Steady::time_point idle_since_ = Steady::now();
  bool is_stopping_ = false;
};

Host::~Host() {
  if (listener_.is_open()) (void)unlink(config_.socket.c_str());  // else it may be the next one's
}

Status Host::open() {
  const std::string lock = config_.socket.string() + ".lock";
  lock_ = node::Descriptor(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock_.is_open()) return Error{Code::denied, "'" + lock + "' cannot be opened: " + strerror(errno)};
  // One that was told to stop may still be at it.
  const auto patience_ends = Steady::now() + kLockPatience;
  while (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (Steady::now() > patience_ends) return Error{Code::conflict, "another `scoria workers` has " + lock};
    (void)poll(nullptr, 0, 10);
  }
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return Error{Code::unavailable, std::string("prctl: ") + strerror(errno)};
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  (void)::signal(SIGPIPE, SIG_IGN);
  signals_ = node::Descriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.is_open()) return Error{Code::exhausted, std::string("signalfd: ") + strerror(errno)};
  SCORIA_TRY_STATUS(crew_.open());

  SCORIA_TRY(listener,
             listen_at(config_.socket, 64));  // what lies there is of one that died: the lock says that there is none
  listener_ = std::move(listener);
  if (config_.ready_descriptor >= 0) {
    (void)!write(config_.ready_descriptor, "\n", 1);
    close(config_.ready_descriptor);
  }
  return Ok{};
}

Status Host::run() {
  while (!is_stopping_) {
    std::vector<pollfd> polls;
    for (const int descriptor : {signals_.get(), listener_.get()}) {
      polls.push_back({.fd = descriptor, .events = POLLIN, .revents = 0});
    }
    for (const auto& client : clients_)
      polls.push_back({.fd = client->line.descriptor(), .events = POLLIN, .revents = 0});
    crew_.add_polls(polls);
    if (poll(polls.data(), polls.size(), kHousekeepingMs) < 0 && errno != EINTR) {
      return Error{Code::unavailable, std::string("poll: ") + strerror(errno)};
    }
    for (const pollfd& ready : polls) {
      if (ready.revents == 0) continue;
      if (ready.fd == signals_.get()) {
        signalfd_siginfo info{};
        while (read(signals_.get(), &info, sizeof info) == sizeof info) {
          if (info.ssi_signo != SIGCHLD) is_stopping_ = true;
        }
      } else if (ready.fd == listener_.get()) {
        accept_client();
      } else {
        const auto client = std::find_if(clients_.begin(), clients_.end(),
                                         [&](const auto& one) { return one->line.descriptor() == ready.fd; });
        if (client != clients_.end()) {
          if (!(*client)->line.fill()) (*client)->is_gone = true;
        } else {
          crew_.handle(ready);
        }
      }
    }
    crew_.reap();  // a signal may stand for several
    for (const auto& client : clients_) serve(*client);
    for (const auto& client : clients_) {
      if (client->is_gone) part_with(*client);
    }
    std::erase_if(clients_, [](const auto& client) { return client->is_gone; });
    crew_.drop_idle_templates(config_.template_idle);
    if (!clients_.empty()) idle_since_ = Steady::now();
    if (Steady::now() - idle_since_ > config_.idle_exit) break;
  }
  return Ok{};
}

void Host::accept_client() {
  node::Descriptor socket = accept_own(listener_, SOCK_NONBLOCK);
  if (!socket.is_open() || clients_.size() >= kMostClients) return;
  clients_.push_back(std::make_unique<Client>(std::move(socket)));
}

// Answers what can be answered.
void Host::serve(Client& client) {
  while (!client.is_gone) {
    if (client.pending) settle(client);
    if (client.pending || client.is_gone) return;
    auto request = client.line.next();
    if (!request.ok()) {
      (void)client.line.answer(error_answer(request.error()));
      client.is_gone = true;  // where its next request begins is not known
      return;
    }
    if (!request.value()) return;
    answer(client, *request.value());
  }
}

void Host::answer(Client& client, const json& request) {
  const std::string op = request.contains("op") && request["op"].is_string() ? request["op"].get<std::string>() : "";
  Result<json> said = json::object();
  if (op == "prepare") {
    const auto wanted = read_template(request);
    const Status status = wanted.ok() ? crew_.prepare(wanted.value()) : Status(wanted.error());
    if (!status.ok()) said = status.error();
  } else if (op == "lease") {
    said = lease(client, request);
  } else if (op == "ended") {
    WorkerRecord* worker = worker_of(client, request);
    if (worker == nullptr) {
      said = Error{Code::not_found, "this connection leased no such worker, or was told of its end"};
    } else {
      client.pending = Pending{.lease = {}, .ending = worker->id};
      return;
    }
  } else if (op == "kill") {
    const WorkerRecord* worker = worker_of(client, request);
    if (worker == nullptr) {
      said = Error{Code::not_found, "this connection leased no such worker"};
    } else {
      crew_.kill(worker->id);
    }
  } else if (op == "list") {
    said = list();
  } else if (op == "stop") {
    is_stopping_ = true;
    (void)unlink(config_.socket.c_str());  // who comes now finds nobody, and starts the next one
    listener_.reset();
  } else {
    said = Error{Code::invalid, "\"op\" must be prepare, lease, ended, kill, list or stop"};
  }
  if (client.pending) return;
  if (!client.line.answer(said.ok() ? said.value() : error_answer(said.error()))) client.is_gone = true;
}

Result<json> Host::lease(Client& client, const json& request) {
  // A template that the client describes, or a worker that has become one.
  std::optional<TemplateRequest> wanted;
  std::uint64_t from = 0;
  if (!request.contains("from")) {
    SCORIA_TRY(read, read_template(request));
    wanted = std::move(read);
  } else if (!request["from"].is_string() || (from = worker_id(request["from"].get<std::string>())) == 0) {
    return Error{Code::invalid, "\"from\" must be a worker's id, as r-7"};
  }
  SCORIA_TRY(limits, read_limits(request));
  const json count = request.value("count", json(1));
  if (!count.is_number_unsigned() || count.get<std::uint64_t>() < 1 || count.get<std::uint64_t>() > kMostWorkers) {
    return Error{Code::invalid, "\"count\" must be a number from 1 to " + std::to_string(kMostWorkers)};
  }
  const json directory = request.value("directory", json("/"));
  if (!directory.is_string() || !directory.get<std::string>().starts_with('/')) {
    return Error{Code::invalid, "\"directory\" must be an absolute path"};
  }
  Pending pending;
  for (std::uint64_t i = 0; i < count.get<std::uint64_t>(); ++i) {
    auto id = wanted ? crew_.hire(*wanted, limits, directory.get<std::string>())
                     : crew_.hire_from(from, limits, directory.get<std::string>());
    if (!id.ok()) {
      for (const auto hired : pending.lease) crew_.dismiss(hired);
      return std::move(id).error();
    }
    pending.lease.push_back(id.value());
  }
  client.pending = std::move(pending);
  return json::object();
}

void Host::settle(Client& client) {
  if (client.pending->ending) {
    WorkerRecord* worker = crew_.find(*client.pending->ending);
    if (worker != nullptr && !worker->end) return;
    client.pending.reset();
    if (!client.line.answer(tell_end(client, *worker))) client.is_gone = true;
    return;
  }
  const auto ids = client.pending->lease;
  if (settle_lease(client, ids)) client.pending.reset();
}

// Whether there is an answer, which has been sent.
bool Host::settle_lease(Client& client, const std::vector<std::uint64_t>& ids) {
  json workers = json::array();
  std::vector<int> sockets;
  for (const auto id : ids) {
    const WorkerRecord* worker = crew_.find(id);
    if (worker->end) {
      std::string message = "no worker can be had: " + worker->end->reason;
      if (!worker->end->output.empty()) message += ": " + worker->end->output;
      for (const auto other : ids) crew_.dismiss(other);
      if (!client.line.answer(error_answer({Code::unavailable, message}))) client.is_gone = true;
      return true;
    }
    if (!worker->socket.is_open() || worker->pid <= 0) return false;
    workers.push_back({{"id", public_id(*worker)}, {"pid", worker->pid}});
    sockets.push_back(worker->socket.get());
  }
  char name[256] = "localhost";
  (void)gethostname(name, sizeof name - 1);
  client.workers.insert(ids.begin(), ids.end());
  if (!client.line.answer({{"workers", workers}, {"node", name}}, sockets)) client.is_gone = true;
  for (const auto id : ids) crew_.find(id)->socket.reset();
  return true;
}

WorkerRecord* Host::worker_of(Client& client, const json& request) {
  if (!request.contains("id") || !request["id"].is_string()) return nullptr;
  const std::uint64_t id = worker_id(request["id"].get<std::string>());
  return client.workers.contains(id) ? crew_.find(id) : nullptr;
}

json Host::tell_end(Client& client, WorkerRecord& worker) {
  const WorkerEnd& end = *worker.end;
  json said{{"how", end.is_signal ? "signal" : "exit"}, {"reason", end.reason}, {"output", end.output}};
  said[end.is_signal ? "signal" : "status"] = end.status;
  client.workers.erase(worker.id);
  crew_.forget(worker.id);
  return said;
}

json Host::list() const {
  json templates = json::array(), workers = json::array();
  for (const auto& [key, record] : crew_.templates()) {
    const auto& wanted = record->request;
    templates.push_back({{"runtime", name_of(wanted.runtime)},
                         {"program", wanted.program},
                         {"preload", wanted.preload},
                         {"pid", record->line.pid()},
                         {"resident_bytes", resident_bytes(record->line.pid())}});
    const auto worker = crew_.workers().find(record->worker);
    if (worker != crew_.workers().end()) templates.back()["worker"] = public_id(worker->second);
  }
  for (const auto& [id, worker] : crew_.workers()) {
    if (worker.end || worker.pid <= 0 || crew_.is_template(id)) continue;
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(Steady::now() - worker.since);
    workers.push_back({{"id", public_id(worker)},
                       {"pid", worker.pid},
                       {"seconds", age.count()},
                       {"resident_bytes", resident_bytes(worker.pid)}});
  }
  return {{"pid", getpid()}, {"clients", clients_.size()}, {"templates", templates}, {"workers", workers}};
}

void Host::part_with(Client& client) {
  if (client.pending) {
    for (const auto id : client.pending->lease) crew_.dismiss(id);
  }
  for (const auto id : client.workers) crew_.dismiss(id);
}

}  // namespace

std::filesystem::path host_socket(const std::filesystem::path& own_folder) {
  return own_folder / ("workers-" + build_mark() + ".sock");
}

Status run_host(HostConfig config) {
  (void)!chdir("/");  // not where its first client was: templates would read that folder's .Rprofile
  Host host(std::move(config));
  SCORIA_TRY_STATUS(host.open());
  return host.run();
}

}  // namespace scoria::worker
