#include "node/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "node/descriptor.h"

namespace scoria::node {
namespace {

constexpr std::size_t kMaxEnvironment = 8u << 20;

std::string read_small(const std::string& path, std::size_t limit) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (!file.is_open()) return text;
  char buffer[16384];
  ssize_t size = 0;
  while (text.size() < limit && (size = read(file.get(), buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

}  // namespace

std::optional<std::int64_t> process_born_ms(pid_t pid) {
  const std::string text = read_small("/proc/" + std::to_string(pid) + "/stat", 4096);
  // The program's name stands in parentheses and may hold anything: fields are counted from the last one. The 22nd is the start.
  std::size_t at = text.rfind(')');
  if (at == std::string::npos) return std::nullopt;
  for (int field = 2; field < 22; ++field) {
    at = text.find(' ', at + 1);
    if (at == std::string::npos) return std::nullopt;
  }
  std::int64_t ticks = 0;
  std::from_chars(text.data() + at + 1, text.data() + text.size(), ticks);
  return ticks * 1000 / sysconf(_SC_CLK_TCK);
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc"), closedir);
  if (!folder) return found;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc{} && end == name.data() + name.size()) found.push_back(pid);
  }
  return found;
}

std::vector<pid_t> own_children() {
  static const std::string path = "/proc/self/task/" + std::to_string(gettid()) + "/children";
  const std::string text = read_small(path, 1u << 20);
  std::vector<pid_t> found;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    pid_t pid = 0;
    const auto [next, error] = std::from_chars(at, end, pid);
    if (error != std::errc{}) break;
    found.push_back(pid);
    at = next;
    while (at < end && *at == ' ') ++at;
  }
  return found;
}

bool environment_holds(pid_t pid, const std::vector<std::string>& settings) {
  const std::string text = read_small("/proc/" + std::to_string(pid) + "/environ", kMaxEnvironment);
  return std::all_of(settings.begin(), settings.end(), [&](const std::string& setting) {
    for (std::size_t at = text.find(setting); at != std::string::npos; at = text.find(setting, at + 1)) {
      const std::size_t end = at + setting.size();
      if ((at == 0 || text[at - 1] == '\0') && (end == text.size() || text[end] == '\0')) return true;
    }
    return false;
  });
}

}  // namespace scoria::node
