#include "node/warm_lines.h"

#include <sys/epoll.h>

#include <algorithm>

#include "base/log.h"

namespace scoria::node {
namespace {

// Each has a whole R or Python in memory.
constexpr std::size_t kMostLines = 6;

std::string key_of(const std::vector<std::string>& command, const std::vector<std::string>& environment) {
  std::string key;
  for (const auto* list : {&command, &environment}) {
    for (const auto& word : *list) key.append(word).push_back('\0');
    key.push_back('\n');
  }
  return key;
}

}  // namespace

bool WarmLines::has_process(pid_t pid) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const auto& entry) { return entry.second.line.pid() == pid; });
}

void WarmLines::drop_idlest() {
  auto idlest = lines_.end();
  for (auto line = lines_.begin(); line != lines_.end(); ++line) {
    if (!line->second.handed.empty()) continue;
    if (idlest == lines_.end() || line->second.last_use_ms < idlest->second.last_use_ms) idlest = line;
  }
  if (idlest == lines_.end()) return;
  by_descriptor_.erase(idlest->second.line.descriptor());  // closing it ends the watch, and the process
  lines_.erase(idlest);
}

WarmLines::Line* WarmLines::line_for(const StartCommand& command) {
  const bool is_scorer = command.template_command.empty();
  const auto& start = is_scorer ? scorer_command_ : command.template_command;
  if (start.empty()) return nullptr;
  const std::string key = key_of(start, command.template_environment);
  auto found = lines_.find(key);
  if (found == lines_.end()) {
    if (lines_.size() >= kMostLines) drop_idlest();
    if (lines_.size() >= kMostLines) return nullptr;
    found = lines_.try_emplace(key).first;
  }
  Line& line = found->second;
  line.last_use_ms = steady_now_ms();
  if (line.line.is_alive()) return &line;
  if (!line.line.start(start, is_scorer ? nullptr : &command.template_environment)) {
    lines_.erase(found);
    return nullptr;
  }
  by_descriptor_[line.line.descriptor()] = key;
  epoll_event event{.events = EPOLLIN, .data = {.fd = line.line.descriptor()}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, line.line.descriptor(), &event);
  return &line;
}

bool WarmLines::send(const StartCommand& command) {
  Line* line = line_for(command);
  if (line == nullptr || !line->line.send(command)) return false;
  line->handed.emplace(command.attempt, command);
  ++waiting_;
  return true;
}

WarmLines::News WarmLines::read(int descriptor) {
  const auto key = by_descriptor_.find(descriptor);
  return key == by_descriptor_.end() ? News{} : read(std::string(key->second));
}

WarmLines::News WarmLines::died(pid_t pid) {
  for (const auto& [key, line] : lines_) {
    if (line.line.pid() == pid) return read(std::string(key));
  }
  return {};
}

WarmLines::News WarmLines::read(const std::string& key) {
  News news;
  const auto found = lines_.find(key);
  Line& line = found->second;
  auto told = line.line.read();
  for (const auto& started : told.started) {
    const auto command = line.handed.find(started.attempt);
    if (command == line.handed.end()) continue;
    news.begun.emplace_back(std::move(command->second), started);
    line.handed.erase(command);
  }
  if (!line.line.is_alive()) {
    if (told.descriptor >= 0) {
      epoll_ctl(epoll_, EPOLL_CTL_DEL, told.descriptor, nullptr);
      by_descriptor_.erase(told.descriptor);
    }
    for (auto& [attempt, command] : line.handed) news.returned.push_back(std::move(command));
    lines_.erase(found);
  }
  waiting_ -= news.begun.size() + news.returned.size();
  return news;
}

}  // namespace scoria::node
