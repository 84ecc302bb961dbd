#include "worker/crew.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/log.h"
#include "node/keeper_protocol.h"
#include "node/task_folders.h"
#include "worker/local_socket.h"
#include "worker/worker_socket.h"

namespace scoria::worker {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr off_t kLastOutput = 4096;
constexpr std::chrono::seconds kFarewell{2};
constexpr std::size_t kMostTemplates = 6;
constexpr std::size_t kMostCallers = 256;

void clear_away(const WorkerRecord& worker) {
  std::error_code error;
  (void)unlink(worker.output.c_str());
  fs::remove_all(worker.temporary, error);
}

std::string template_key(std::uint64_t worker) { return "worker " + std::to_string(worker); }

std::string last_output(const fs::path& path) {
  const node::Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  if (!file.is_open() || fstat(file.get(), &status) != 0) return {};
  const off_t size = std::min(status.st_size, kLastOutput);
  std::string text(static_cast<std::size_t>(size), '\0');
  const ssize_t got = pread(file.get(), text.data(), text.size(), status.st_size - size);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return text;
}

WorkerEnd end_of(int code, int status) {
  if (code == CLD_EXITED) return {false, status, "it ended by itself with status " + std::to_string(status), {}};
  const char* name = strsignal(status);
  std::string reason =
      "it was killed by signal " + std::to_string(status) + " (" + (name != nullptr ? name : "unknown") + ")";
  if (status == SIGKILL) reason += ", by its client, somebody else, or the system for want of memory";
  return {true, status, std::move(reason), {}};
}

}  // namespace

std::string public_id(const WorkerRecord& worker) {
  return std::string(name_of(worker.runtime)) + "-" + std::to_string(worker.id);
}

Crew::~Crew() {
  for (const auto& [id, worker] : workers_) signal(worker, SIGKILL);
  for (const auto& [id, worker] : workers_) clear_away(worker);
  std::vector<pid_t> templates;
  for (const auto& [key, record] : templates_) {
    (void)unlink(record->output.c_str());
    templates.push_back(record->line.pid());
  }
  templates_.clear();
  // They end as their sockets close, and R removes its directory; with us they would be killed.
  const auto until = Steady::now() + kFarewell;
  for (const pid_t pid : templates) {
    while (waitpid(pid, nullptr, WNOHANG) == 0 && Steady::now() < until) usleep(5000);
  }
  if (!socket_path_.empty()) (void)unlink(socket_path_.c_str());
}

// Directories of workers whose host was killed.
void Crew::clear_away_strays() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/tmp", error)) {
    long long pid = 0;
    struct stat status {};
    const std::string name = entry.path().filename();
    if (sscanf(name.c_str(), "scoria-worker-%lld-", &pid) != 1 || pid <= 0 || ::kill(static_cast<pid_t>(pid), 0) == 0)
      continue;
    if (lstat(entry.path().c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid()) continue;
    std::error_code ignored;
    fs::remove_all(entry.path(), ignored);
  }
}

Status Crew::open() {
  clear_away_strays();
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    // The host of another build of ours may live beside this one, and has its files here, too: those of the dead are left over.
    const std::string name = entry.path().filename();
    long long pid = 0;
    const bool is_hosts = sscanf(name.c_str(), "in-%lld", &pid) == 1 || sscanf(name.c_str(), "out-%lld-", &pid) == 1;
    if (is_hosts && pid > 0 && (pid == getpid() || ::kill(static_cast<pid_t>(pid), 0) != 0)) {
      std::error_code ignored;
      fs::remove(entry.path(), ignored);
    }
  }
  socket_path_ = folder_ / ("in-" + std::to_string(getpid()));
  SCORIA_TRY(listener, listen_at(socket_path_, 128));
  listener_ = std::move(listener);
  return Ok{};
}

fs::path Crew::output_file(const char* of, std::uint64_t number) const {
  return folder_ / ("out-" + std::to_string(getpid()) + "-" + of + "-" + std::to_string(number));
}

void Crew::add_polls(std::vector<pollfd>& polls) const {
  const auto add = [&](int descriptor) { polls.push_back({.fd = descriptor, .events = POLLIN, .revents = 0}); };
  add(listener_.get());
  for (const auto& [key, record] : templates_) {
    if (record->line.is_alive()) add(record->line.descriptor());
  }
  for (const auto& caller : callers_) add(caller.socket.get());
}

void Crew::handle(const pollfd& ready) {
  if (ready.fd == listener_.get()) return accept_caller();
  for (std::size_t i = 0; i < callers_.size(); ++i) {
    if (callers_[i].socket.get() == ready.fd) return read_caller(i);
  }
  for (const auto& [key, record] : templates_) {
    if (record->line.descriptor() == ready.fd) return read_template_news(std::string(key));
  }
}

void Crew::accept_caller() {
  for (;;) {
    node::Descriptor socket = accept_own(listener_, 0);
    if (!socket.is_open() || callers_.size() >= kMostCallers) return;
    callers_.push_back({std::move(socket), {}});
    read_caller(callers_.size() - 1);  // who has been told of a template's offer may ask for it now
  }
}

void Crew::read_caller(std::size_t index) {
  Caller& caller = callers_[index];
  char bytes[sizeof(std::uint64_t)];
  const ssize_t got = recv(caller.socket.get(), bytes, sizeof bytes - caller.said.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got > 0) caller.said.append(bytes, static_cast<std::size_t>(got));
  if (got > 0 && caller.said.size() < sizeof bytes) return;
  if (got > 0) {
    std::uint64_t id = 0;
    memcpy(&id, caller.said.data(), sizeof id);
    if ((id & kIsTemplate) != 0) adopt_template(id & ~kIsTemplate, std::move(caller.socket));
    WorkerRecord* worker = find(id);
    if (worker != nullptr && !worker->socket.is_open() && !worker->end) worker->socket = std::move(caller.socket);
  }
  callers_.erase(callers_.begin() + static_cast<std::ptrdiff_t>(index));
}

void Crew::adopt_template(std::uint64_t id, node::Descriptor socket) {
  const WorkerRecord* worker = find(id);
  const auto origin = worker == nullptr ? templates_.end() : templates_.find(worker->template_key);
  if (worker == nullptr || worker->end || worker->pid <= 0 || origin == templates_.end()) return;
  auto& record = templates_[template_key(id)];
  if (record != nullptr) return;
  record = std::make_unique<TemplateRecord>();
  record->request = origin->second->request;
  record->worker = id;
  record->output = worker->output;
  record->line.adopt(std::move(socket), worker->pid);
}

// Each has a whole R or Python in memory. One that workers came from stays, as long as these do.
void Crew::make_room_for_template() {
  const auto started = [this] {
    return static_cast<std::size_t>(
        std::count_if(templates_.begin(), templates_.end(), [](const auto& one) { return one.second->worker == 0; }));
  };
  while (started() >= kMostTemplates) {
    auto idlest = templates_.end();
    for (auto record = templates_.begin(); record != templates_.end(); ++record) {
      if (record->second->worker != 0 || is_used(record->first)) continue;
      if (idlest == templates_.end() || record->second->last_use < idlest->second->last_use) idlest = record;
    }
    if (idlest == templates_.end()) return;
    (void)unlink(idlest->second->output.c_str());
    templates_.erase(idlest);
  }
}

bool Crew::is_used(const std::string& key) const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [&](const auto& entry) { return entry.second.template_key == key; });
}

Result<TemplateRecord*> Crew::template_for(const TemplateRequest& request) {
  if (!templates_.contains(request.key())) make_room_for_template();
  auto& record = templates_[request.key()];
  if (record != nullptr && record->line.is_alive()) {
    record->last_use = Steady::now();
    return record.get();
  }
  if (!kit_) {
    SCORIA_TRY(placed, place_kit(kit_folders(folder_)));
    kit_ = std::move(placed);
  }
  record = std::make_unique<TemplateRecord>();
  record->request = request;
  record->last_use = Steady::now();
  record->output = output_file("template", next_template_++);
  // "--fd 3" comes behind these, where R and Python look for arguments of the script, which takes its first ones alone.
  const auto arguments = template_arguments(request.runtime, *kit_, request.program, 3, request.preload);
  if (!record->line.start(arguments, &request.environment, record->output.string())) {
    templates_.erase(request.key());
    return Error{Code::unavailable, "'" + request.program + "' cannot be started: " + strerror(errno)};
  }
  return record.get();
}

Status Crew::prepare(const TemplateRequest& request) {
  SCORIA_TRY(record, template_for(request));
  (void)record;
  return Ok{};
}

Result<std::uint64_t> Crew::hire(const TemplateRequest& request, const Limits& limits, const std::string& directory) {
  SCORIA_TRY(record, template_for(request));
  return order(*record, request.key(), limits, directory);
}

Result<std::uint64_t> Crew::hire_from(std::uint64_t worker, const Limits& limits, const std::string& directory) {
  const auto record = templates_.find(template_key(worker));
  if (record == templates_.end() || !record->second->line.is_alive())
    return Error{Code::not_found, "no worker of this number is a template"};
  return order(*record->second, record->first, limits, directory);
}

Result<std::uint64_t> Crew::order(TemplateRecord& record, const std::string& key, const Limits& limits,
                                  const std::string& directory) {
  const TemplateRequest& request = record.request;
  const std::uint64_t id = next_id_++;
  WorkerRecord worker{.id = id, .template_key = key, .runtime = request.runtime, .since = Steady::now()};
  worker.output = output_file("worker", id);
  // One that is killed removes nothing.
  worker.temporary = fs::path(node::find_setting(request.environment, "TMPDIR").value_or("/tmp")) /
                     ("scoria-worker-" + std::to_string(getpid()) + "-" + std::to_string(id));
  if (mkdir(worker.temporary.c_str(), 0700) != 0) {
    return Error{Code::unavailable, "'" + worker.temporary.string() + "' cannot be made: " + strerror(errno)};
  }
  node::StartCommand command;
  command.attempt = id;
  command.arguments =
      worker_words(socket_path_, id, limits.calls, limits.seconds, limits.resident_bytes, limits.has_network);
  if (record.worker == 0) command.environment = request.environment;  // else it has it, with what its script has set
  std::erase_if(command.environment, [](const auto& setting) { return setting.starts_with("TMPDIR="); });
  command.environment.push_back("TMPDIR=" + worker.temporary.string());
  command.directory = directory;
  command.stdout_path = command.stderr_path = worker.output;
  command.memory_limit_bytes = limits.memory_bytes;
  if (!record.line.send(command)) {
    clear_away(worker);
    return Error{Code::unavailable, "no worker can be had: '" + request.program +
                                        "' ended before it could become one: " + last_output(record.output)};
  }
  workers_.emplace(id, std::move(worker));
  return id;
}

void Crew::read_template_news(const std::string& key) {
  TemplateRecord& record = *templates_.at(key);
  const auto news = record.line.read();
  for (const auto& started : news.started) {
    const auto worker = workers_.find(started.attempt);
    if (worker == workers_.end()) continue;
    worker->second.pid = started.pid;
    if (worker->second.is_unwanted) signal(worker->second, SIGKILL);
    const auto early = early_ends_.find(started.pid);
    if (early == early_ends_.end()) continue;
    const auto [code, status] = early->second;
    early_ends_.erase(early);
    ended(started.pid, code, status);
  }
  if (record.line.is_alive()) return;
  // What it was told to make and did not will never be.
  const std::string said = last_output(record.output);
  std::vector<std::uint64_t> unwanted;
  for (auto& [id, worker] : workers_) {
    if (worker.template_key != key || worker.pid > 0 || worker.end) continue;
    set_end(worker,
            {.reason = "'" + record.request.program + "' ended before it could become a worker", .output = said});
    if (worker.is_unwanted) unwanted.push_back(id);
  }
  for (const auto id : unwanted) forget(id);
  if (record.worker == 0) {
    log::info("template_ended", {{"program", record.request.program}, {"preload", record.request.preload}});
    (void)unlink(record.output.c_str());
  }
  templates_.erase(key);
}

void Crew::reap() {
  siginfo_t info{};
  while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
    ended(info.si_pid, info.si_code, info.si_status);
    info.si_pid = 0;
  }
}

void Crew::ended(pid_t pid, int code, int status) {
  for (auto& [id, worker] : workers_) {
    if (worker.pid != pid) continue;
    (void)::kill(-pid, SIGKILL);  // what it started
    set_end(worker, end_of(code, status));
    if (worker.is_unwanted) forget(id);
    return;
  }
  for (const auto& [key, record] : templates_) {
    if (record->line.pid() == pid) return;  // its socket tells
  }
  early_ends_[pid] = {code, status};
  if (early_ends_.size() > 1024) early_ends_.erase(early_ends_.begin());
}

void Crew::set_end(WorkerRecord& worker, WorkerEnd end) {
  if (end.output.empty()) end.output = last_output(worker.output);
  clear_away(worker);
  worker.socket.reset();
  worker.end = std::move(end);
}

WorkerRecord* Crew::find(std::uint64_t id) {
  const auto found = workers_.find(id);
  return found == workers_.end() ? nullptr : &found->second;
}

void Crew::signal(const WorkerRecord& worker, int number) const {
  if (worker.pid > 0 && !worker.end) (void)::kill(-worker.pid, number);
}

bool Crew::is_template(std::uint64_t id) const { return templates_.contains(template_key(id)); }

void Crew::kill(std::uint64_t id) {
  if (const WorkerRecord* worker = find(id)) signal(*worker, SIGKILL);
}

void Crew::forget(std::uint64_t id) { workers_.erase(id); }

void Crew::dismiss(std::uint64_t id) {
  WorkerRecord* worker = find(id);
  if (worker == nullptr) return;
  if (worker->end) return forget(id);
  worker->is_unwanted = true;
  worker->socket.reset();
  signal(*worker, SIGKILL);
}

void Crew::drop_idle_templates(std::chrono::seconds idle) {
  for (auto record = templates_.begin(); record != templates_.end();) {
    if (record->second->worker != 0 || Steady::now() - record->second->last_use < idle || is_used(record->first)) {
      ++record;
      continue;
    }
    (void)unlink(record->second->output.c_str());
    record = templates_.erase(record);  // its socket closes, and it ends
  }
}

}  // namespace scoria::worker
