#include "worker/shim.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "node/start_up_names.h"
#include "node/template_server.h"
#include "worker/confine.h"
#include "worker/worker_socket.h"

using scoria::node::StartCommand;
using scoria::worker::WorkerSocket;

namespace {

constexpr int kNoScript = 2;  // as Rscript and python end where there is no such file
constexpr int kNoWorker = 70;
constexpr double kMostOutput = 1 << 20;

// R's .C() and ctypes have no object to hand back, and a process is one worker.
std::vector<std::string> words;        // NOLINT(*-avoid-non-const-global-variables)
std::vector<std::string> environment;  // NOLINT(*-avoid-non-const-global-variables)
WorkerSocket* worker = nullptr;        // NOLINT(*-avoid-non-const-global-variables)
std::string text_for_caller;           // NOLINT(*-avoid-non-const-global-variables)
std::vector<int> open_at_first;        // NOLINT(*-avoid-non-const-global-variables)

[[noreturn]] void give_up(int code, const std::string& why) {
  (void)fprintf(stderr, "%s\n", why.c_str());
  (void)fflush(nullptr);
  _exit(code);
}

// .C() and ctypes want a char* that they do not write to.
char* lend(const std::string& text) {
  text_for_caller = text;
  return text_for_caller.data();
}

template <typename Function>
Function* find(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

// What says something of the template's own process.
bool is_of_template(std::string_view name) {
  return name == "TMPDIR" || name == scoria::node::kTemplateStamp || name == "PWD" || name == "OLDPWD" ||
         name == "SHLVL" || name == "_" || name.starts_with("PYENV_");
}

// The task's environment; but what the runtime's own start made of the names that it looks at is kept, as those were the same for the template.
void take_environment(const std::vector<std::string>& settings) {
  std::vector<std::string> taken;
  for (char** own = environ; *own != nullptr; ++own) {
    const std::string_view setting(*own);
    const auto name = setting.substr(0, setting.find('='));
    bool is_given = false;
    for (const auto& other : settings) is_given = is_given || (other.starts_with(name) && other[name.size()] == '=');
    if (is_of_template(name)) continue;
    if (!is_given || scoria::node::is_start_up_name(name)) taken.emplace_back(setting);
  }
  const auto is_taken = [&](std::string_view name) {
    for (const auto& other : taken) {
      if (other.starts_with(name) && other[name.size()] == '=') return true;
    }
    return false;
  };
  for (const auto& setting : settings) {
    if (!is_taken(std::string_view(setting).substr(0, setting.find('=')))) taken.push_back(setting);
  }
  environment = std::move(taken);
  clearenv();
  for (const auto& setting : environment) putenv(strdup(setting.c_str()));  // lives as long as the process
}

// R reads its script from a stream that has been read to its last line: what lies at that descriptor from now on is the rest of it.
void read_on_from(const std::string& script, const std::string& template_file) {
  struct stat wanted {};
  if (stat(template_file.c_str(), &wanted) != 0) give_up(kNoWorker, "scoria: the template's file is gone");
  for (int descriptor = 3; descriptor < 256; ++descriptor) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0 || status.st_dev != wanted.st_dev || status.st_ino != wanted.st_ino) continue;
    const int file = open(script.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
      give_up(kNoScript, "Fatal error: cannot open file '" + script + "': " + strerror(errno));
    }
    if (dup3(file, descriptor, O_CLOEXEC) < 0) give_up(kNoWorker, std::string("scoria: dup3: ") + strerror(errno));
    close(file);
    return;
  }
  give_up(kNoWorker, "scoria: R does not read its script from a file");
}

// As after a start of R: a directory of its own, which R removes at its end. Without these names it would remove the template's.
void renew_r() {
  auto** directory = find<char*>("R_TempDir");
  auto* renew = find<void(int)>("R_reInitTempDir");
  if (directory == nullptr || renew == nullptr) give_up(kNoWorker, "scoria: this R has no R_reInitTempDir()");
  *directory = nullptr;
  renew(1);
}

void set_r_arguments() {
  auto* set = find<void(int, char**)>("R_set_command_line_arguments");
  if (set == nullptr) return;
  char program[4096] = "R";
  const ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
  if (size > 0) program[size] = '\0';
  std::vector<std::string> arguments{program, "--no-echo", "--no-restore", "--file=" + words[2]};
  if (words.size() > 3) {
    arguments.emplace_back("--args");
    arguments.insert(arguments.end(), words.begin() + 3, words.end());
  }
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  set(static_cast<int>(pointers.size()), pointers.data());  // it copies them
}

// Numbers in a folder of /proc/self: descriptors, threads.
std::vector<int> numbers_in(const char* folder) {
  std::vector<int> numbers;
  DIR* const entries = opendir(folder);
  if (entries == nullptr) return numbers;
  while (const dirent* entry = readdir(entries)) {
    const int number = atoi(entry->d_name);
    if (entry->d_name[0] != '.' && number != dirfd(entries)) numbers.push_back(number);
  }
  closedir(entries);
  return numbers;
}

void begin_worker() {
  worker = WorkerSocket::connect(words);  // lives as long as the process is this worker
  if (worker == nullptr) give_up(kNoWorker, std::string("scoria: nobody waits for this worker: ") + strerror(errno));
  open_at_first = numbers_in("/proc/self/fd");
}

// Why a fork would not leave this process whole; empty: it would. Files have one position for all, connections one other end, threads are lost.
std::string why_not_forked() {
  const auto threads = numbers_in("/proc/self/task").size();
  if (threads > 1) return "it has " + std::to_string(threads) + " threads";
  for (const int descriptor : numbers_in("/proc/self/fd")) {
    if (std::find(open_at_first.begin(), open_at_first.end(), descriptor) != open_at_first.end()) continue;
    struct stat status {};
    constexpr unsigned kMemoryDevices = 1;  // /dev/null, /dev/urandom
    if (fstat(descriptor, &status) == 0 && S_ISCHR(status.st_mode) && major(status.st_rdev) == kMemoryDevices) continue;
    char name[256] = "";
    const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
    const ssize_t size = readlink(link.c_str(), name, sizeof name - 1);
    return "it has '" + std::string(name, size > 0 ? static_cast<std::size_t>(size) : 0) + "' open";
  }
  return {};
}

int become_child(const std::string& template_file, const std::vector<std::string>* settings) {
  if (settings != nullptr) take_environment(*settings);
  const bool is_r = !template_file.empty();
  if (is_r && settings != nullptr) {
    char directory[4096];  // R is started by a shell, which sets it
    if (getcwd(directory, sizeof directory) != nullptr) (void)setenv("PWD", directory, 1);
  }
  if (is_r && settings != nullptr) renew_r();
  if (words.size() >= 2 && words[1] == "worker") {
    (void)setvbuf(stdout, nullptr, _IOLBF, 0);  // what a crash must not take away
    begin_worker();
    return scoria_mode_worker;
  }
  if (words.size() < 3) give_up(kNoScript, "scoria: no script is named");
  if (is_r) {
    read_on_from(words[2], template_file);
    set_r_arguments();
  }
  return scoria_mode_script;
}

void (*python_hook(const char* name))() { return find<void()>(name); }

}  // namespace

namespace {

// Python wants to know of forks; R has no such functions.
scoria::node::ForkHooks fork_hooks() {
  auto* const before = python_hook("PyOS_BeforeFork");
  auto* const in_parent = python_hook("PyOS_AfterFork_Parent");
  auto* const in_child = python_hook("PyOS_AfterFork_Child");
  scoria::node::ForkHooks hooks;
  hooks.has_libraries = true;
  hooks.before = [before] {
    (void)fflush(nullptr);
    if (before != nullptr) before();
  };
  if (in_parent != nullptr) hooks.in_parent = [in_parent] { in_parent(); };
  if (in_child != nullptr) hooks.in_child = [in_child] { in_child(); };
  return hooks;
}

}  // namespace

void scoria_template(const int* descriptor, char** template_file, int* mode) {
  auto child = scoria::node::serve_forks(*descriptor, fork_hooks());
  if (!child.ok()) {
    (void)fprintf(stderr, "scoria: %s\n", child.error().message.c_str());
    *mode = scoria_mode_failed;
    return;
  }
  *mode = scoria_mode_ended;
  if (!child.value()) return;
  const StartCommand& command = *child.value();
  words = command.arguments;
  *mode = become_child(template_file[0], &command.environment);
}

void scoria_become(char** given, const int* count, char** template_file) {
  words.assign(given, given + *count);
  (void)become_child(template_file[0], nullptr);
}

const char* scoria_word(int index) {
  return index >= 0 && static_cast<std::size_t>(index) < words.size() ? words[static_cast<std::size_t>(index)].c_str()
                                                                      : nullptr;
}

const char* scoria_setting(int index) {
  const auto at = static_cast<std::size_t>(index);
  return index >= 0 && at < environment.size() ? environment[at].c_str() : nullptr;
}

void scoria_receive(int* kind, double* size, char** path) {
  const auto head = worker->receive();
  if (head.kind == scoria::worker::kService) {
    const std::string why = scoria::worker::confine(worker->has_network());
    if (!why.empty()) give_up(kNoWorker, "scoria: " + why);
  }
  *kind = static_cast<int>(head.kind);
  *size = static_cast<double>(head.size);
  path[0] = lend(worker->shared_path());
}

void scoria_take(unsigned char* bytes) { worker->take(bytes); }

void scoria_output_size(double* size) {
  (void)fflush(nullptr);
  struct stat status {};
  *size = fstat(STDOUT_FILENO, &status) == 0 ? std::min(static_cast<double>(status.st_size), kMostOutput) : 0;
}

void scoria_output_take(unsigned char* bytes) {
  struct stat status {};
  const int file = open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC);  // it is open for writing alone
  if (file < 0 || fstat(file, &status) != 0) return;
  const auto size = static_cast<std::size_t>(std::min(static_cast<double>(status.st_size), kMostOutput));
  (void)!pread(file, bytes, size, status.st_size - static_cast<off_t>(size));
  close(file);
  (void)!ftruncate(STDOUT_FILENO, 0);
}

void scoria_answer(const int* kind, const unsigned char* bytes, const double* size, int* is_last) {
  *is_last = worker->answer(static_cast<std::uint32_t>(*kind), bytes, static_cast<std::size_t>(*size)) ? 1 : 0;
}

void scoria_share(char** path) { path[0] = lend(worker->share()); }

void scoria_answer_shared(const int* kind, int* is_last) {
  *is_last = worker->answer_shared(static_cast<std::uint32_t>(*kind)) ? 1 : 0;
}

void scoria_become_template(char** template_file, char** why, int* mode) {
  *mode = scoria_mode_failed;
  const bool is_r = template_file[0][0] != '\0';
  if (const std::string reason = why_not_forked(); !reason.empty()) {
    why[0] = lend(reason);
    return;
  }
  const int descriptor = WorkerSocket::offer_forks(words);
  if (descriptor < 0) {
    why[0] = lend(std::string("its host cannot be told: ") + strerror(errno));
    return;
  }
  (void)worker->answer(scoria::worker::kDone, nullptr, 0);
  auto child = scoria::node::serve_forks(descriptor, fork_hooks());
  *mode = scoria_mode_ended;
  if (!child.ok()) give_up(kNoWorker, "scoria: " + child.error().message);
  if (!child.value()) return;
  // What the service has set in its environment stays; its own are the worker's words and folder.
  words = child.value()->arguments;
  environment = child.value()->environment;
  for (const auto& setting : environment) putenv(strdup(setting.c_str()));
  delete worker;
  if (is_r) renew_r();
  begin_worker();
  *mode = scoria_mode_worker;
}
