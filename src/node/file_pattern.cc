#include "node/file_pattern.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>

namespace scoria::node {
namespace {

constexpr std::size_t kMaxPattern = 4096;
constexpr int kMaxPatternDepth = 64;

bool has_wildcard(std::string_view part) { return part.find_first_of("*?[") != std::string_view::npos; }

// The set behind '[' at the front of `pattern`: whether `c` is in it; `pattern` moves behind its ']'.
bool matches_set(std::string_view& pattern, char c) {
  std::size_t at = 1;
  const bool is_negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (is_negated) ++at;
  bool is_in = false;
  const std::size_t first = at;
  while (at < pattern.size() && (pattern[at] != ']' || at == first)) {
    const char low = pattern[at];
    char high = low;
    if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
      high = pattern[at + 2];
      at += 2;
    }
    const auto byte = [](char character) { return static_cast<unsigned char>(character); };
    if (byte(low) <= byte(c) && byte(c) <= byte(high)) is_in = true;
    ++at;
  }
  pattern.remove_prefix(std::min(at + 1, pattern.size()));
  return is_in != is_negated;
}

bool has_open_bracket(std::string_view part) {
  for (std::size_t at = part.find('['); at != std::string_view::npos; at = part.find('[', at + 1)) {
    const std::size_t end = part.find(']', at + 2);
    if (end == std::string_view::npos) return true;
    at = end;
  }
  return false;
}

class Finder {
 public:
  Finder(const std::vector<std::string>& parts, std::string boundary, std::size_t limit)
      : parts_(parts), boundary_(std::move(boundary)), limit_(limit) {}

  void visit(const std::filesystem::path& folder, std::size_t part, const std::string& path, const std::string& name,
             int depth) {
    if (depth > kMaxPatternDepth || found.size() >= limit_) return;
    const bool is_last = part + 1 == parts_.size();
    const std::string& pattern = parts_[part];
    if (!has_wildcard(pattern)) {
      take(folder / pattern, part, path, pattern, name, is_last, depth);
      return;
    }
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string entry_name = entry->path().filename().string();
      if (pattern == "**") {
        if (entry_name.starts_with('.')) continue;
        const auto type = entry->symlink_status(error);
        if (!error && std::filesystem::is_directory(type)) {
          visit(entry->path(), part, joined(path, entry_name), joined(name, entry_name), depth + 1);
        } else if (!error && is_last) {
          take(entry->path(), part, path, entry_name, name, true, depth);
        }
        error.clear();
      } else if (matches_part(pattern, entry_name)) {
        take(entry->path(), part, path, entry_name, name, is_last, depth);
      }
    }
    if (pattern == "**" && !is_last) visit(folder, part + 1, path, name, depth + 1);
  }

  std::map<std::string, std::string> found;  // path -> name

 private:
  static std::string joined(const std::string& folder, const std::string& name) {
    return folder.empty() ? name : folder + "/" + name;
  }

  void take(const std::filesystem::path& entry, std::size_t part, const std::string& path,
            const std::string& entry_name, const std::string& name, bool is_last, int depth) {
    std::error_code error;
    const auto type = std::filesystem::status(entry, error);
    if (error) return;
    if (!is_last) {
      if (std::filesystem::is_directory(type)) {
        visit(entry, part + 1, joined(path, entry_name), joined(name, entry_name), depth + 1);
      }
      return;
    }
    if (!std::filesystem::is_regular_file(type) || found.size() >= limit_) return;
    const std::string real = std::filesystem::canonical(entry, error).string();
    if (error || !real.starts_with(boundary_ + "/")) return;
    found.emplace(joined(path, entry_name), joined(name, entry_name));
  }

  const std::vector<std::string>& parts_;
  std::string boundary_;
  std::size_t limit_;
};

}  // namespace

bool matches_part(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  // The last star is where to go back to when what follows it does not fit.
  std::string_view star_pattern, star_name;
  bool has_star = false;
  while (!name.empty() || !pattern.empty()) {
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      star_pattern = pattern;
      star_name = name;
      has_star = true;
      continue;
    }
    bool fits = !pattern.empty() && !name.empty();
    if (fits) {
      const char c = name[0];
      if (pattern[0] == '[') {
        fits = matches_set(pattern, c);
      } else {
        fits = pattern[0] == '?' || pattern[0] == c;
        pattern.remove_prefix(1);
      }
      name.remove_prefix(1);
    }
    if (fits) continue;
    if (!has_star || star_name.empty()) return false;
    star_name.remove_prefix(1);
    name = star_name;
    pattern = star_pattern;
  }
  return true;
}

Result<FilePattern> FilePattern::parse(std::string_view text) {
  const auto refused = [&](std::string_view why) {
    return Error{Code::invalid, "file pattern '" + std::string(text.substr(0, 200)) + "' " + std::string(why)};
  };
  if (text.size() > kMaxPattern) return refused("is longer than 4,096 bytes");
  if (text.starts_with('/')) return refused("is absolute; it must be relative to the task's working directory");
  if (text.find('\0') != std::string_view::npos) return refused("holds a zero byte");
  FilePattern pattern;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (part.empty() || part == ".") continue;
    if (part == ".." && !pattern.parts_.empty() && pattern.parts_.back() != "..") {
      return refused("has '..' behind another part; it may stand at the front only");
    }
    if (has_open_bracket(part)) return refused("has a '[' without its ']'");
    // "**" within a part is a "*"; several "**" parts in a row are one.
    if (part == "**" && !pattern.parts_.empty() && pattern.parts_.back() == "**") continue;
    pattern.parts_.emplace_back(part);
  }
  if (pattern.parts_.empty() || pattern.parts_.back() == "..") return refused("names no file");
  while (pattern.fixed_ < pattern.parts_.size() && !has_wildcard(pattern.parts_[pattern.fixed_])) ++pattern.fixed_;
  return pattern;
}

std::vector<FilePattern::Match> FilePattern::find(const std::filesystem::path& working_directory,
                                                  const std::filesystem::path& boundary, std::size_t limit) const {
  std::error_code error;
  const std::string real_boundary = std::filesystem::canonical(boundary, error).string();
  if (error) return {};
  const std::size_t fixed_folders = std::min(fixed_, parts_.size() - 1);
  std::filesystem::path folder = working_directory;
  std::string path;
  for (std::size_t i = 0; i < fixed_folders; ++i) {
    folder /= parts_[i];
    path += parts_[i] + "/";
  }
  // The front part may lead out; a walk through a foreign folder would be long before each file of it is refused.
  const std::string real_folder = std::filesystem::canonical(folder, error).string();
  if (error || (real_folder != real_boundary && !real_folder.starts_with(real_boundary + "/"))) return {};

  const std::vector<std::string> rest(parts_.begin() + static_cast<std::ptrdiff_t>(fixed_folders), parts_.end());
  Finder finder(rest, real_boundary, limit);
  finder.visit(folder, 0, "", "", 0);
  std::vector<Match> matches;
  for (auto& [found, name] : finder.found) matches.push_back({path + found, name});
  return matches;
}

}  // namespace scoria::node
