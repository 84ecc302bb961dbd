#include "pool/process_identity.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <charconv>
#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

namespace scoria::pool {
namespace {

const std::string& this_boot() {
  static const std::string boot = [] {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string text;
    std::getline(file, text);
    return text;
  }();
  return boot;
}

}  // namespace

std::optional<ProcessIdentity> identify(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  // The name, second, is in parentheses and may hold anything: fields count from the last one.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= text.size()) return std::nullopt;
  const char state = text[name_end + 2];
  if (state == 'Z' || state == 'X') return std::nullopt;
  std::size_t at = name_end + 2;
  for (int field = 3; field < 22; ++field) {  // starttime is field 22
    at = text.find(' ', at);
    if (at == std::string::npos) return std::nullopt;
    ++at;
  }
  ProcessIdentity identity{.pid = pid, .boot = this_boot()};
  const auto parsed = std::from_chars(text.data() + at, text.data() + text.size(), identity.start_time);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return identity;
}

std::optional<ProcessHandle> ProcessHandle::open(const ProcessIdentity& identity) {
  if (identity.pid <= 0) return std::nullopt;
  const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, identity.pid, 0));
  if (descriptor < 0) return std::nullopt;
  ProcessHandle handle(identity, descriptor);
  // Looked at once it is held: from here on the number cannot become another's unseen.
  if (identify(identity.pid) != identity) return std::nullopt;
  return handle;
}

ProcessHandle::~ProcessHandle() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool ProcessHandle::has_ended() const {
  pollfd wait{.fd = descriptor_, .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, 0) <= 0) return false;
  int status = 0;
  (void)::waitpid(identity_.pid, &status, WNOHANG);  // reaps it where it is a child; it is no error where it is not
  return true;
}

void ProcessHandle::signal(int number) const {
  (void)::syscall(SYS_pidfd_send_signal, descriptor_, number, nullptr, 0);  // it may have ended: as good
}

}  // namespace scoria::pool
