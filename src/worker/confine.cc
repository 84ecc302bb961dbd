#include "worker/confine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace scoria::worker {
namespace {

std::string refused(const char* what) { return std::string(what) + ": " + strerror(errno); }

bool write_line(const char* path, const std::string& line) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool is_written = write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  close(file);
  return is_written;
}

// A network of its own, in which there is nothing. Who is not root needs a user namespace of their own for that, in which they are who they are.
std::string leave_network() {
  if (unshare(CLONE_NEWNET) == 0) return {};
  const auto user = std::to_string(geteuid()), group = std::to_string(getegid());
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
    return refused("this system lets no process give up its network (user namespaces)");
  if (!write_line("/proc/self/setgroups", "deny") || !write_line("/proc/self/uid_map", user + " " + user + " 1") ||
      !write_line("/proc/self/gid_map", group + " " + group + " 1"))
    return refused("a user namespace cannot be set up");
  return {};
}

// Of root, as in containers: files are its service's affair; other processes' memory, mounts and devices are not.
std::string drop_capabilities() {
  constexpr std::uint32_t kKept =
      1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH | 1u << CAP_FOWNER;
  for (int number = 0; number <= 63; ++number) {
    if (number > 31 || (kKept >> number & 1) == 0)
      (void)prctl(PR_CAPBSET_DROP, number, 0, 0, 0);  // without the right to: they are not had
  }
  __user_cap_header_struct head{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct now[2]{};
  if (syscall(SYS_capget, &head, now) != 0) return refused("capget");
  for (int i = 0; i < 2; ++i) {
    now[i].permitted &= i == 0 ? kKept : 0;
    now[i].effective &= now[i].permitted;
    now[i].inheritable = 0;
  }
  return syscall(SYS_capset, &head, now) == 0 ? "" : refused("capset");
}

}  // namespace

std::string confine(bool has_network) {
  if (!has_network) {
    if (auto why = leave_network(); !why.empty()) return why;
  }
  if (auto why = drop_capabilities(); !why.empty()) return why;
  constexpr rlimit kNone{.rlim_cur = 0, .rlim_max = 0};
  (void)setrlimit(RLIMIT_CORE, &kNone);
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? "" : refused("PR_SET_NO_NEW_PRIVS");
}

}  // namespace scoria::worker
