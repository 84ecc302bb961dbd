#include "plan/key_files.h"

#include <algorithm>

namespace scoria::plan {
namespace {

constexpr std::size_t kMostColumns = 15;

Error invalid(std::string_view path, const std::string& what) {
  return Error{Code::invalid, "'" + std::string(path) + "': " + what};
}

// Values that make `name` of `texts`; at most two ways are looked for. A value is never empty.
void match(std::string_view name, const std::vector<std::string>& texts, std::size_t next,
           std::vector<std::string_view>& values, std::vector<std::vector<std::string_view>>& ways) {
  if (next == texts.size()) {
    if (name.empty()) ways.push_back(values);
    return;
  }
  const std::string& text = texts[next];
  if (next + 1 == texts.size()) {  // the last text ends the name
    if (name.size() <= text.size() || !name.ends_with(text)) return;
    values.push_back(name.substr(0, name.size() - text.size()));
    ways.push_back(values);
    values.pop_back();
    return;
  }
  for (std::size_t at = name.find(text, 1); at != std::string_view::npos && ways.size() < 2;
       at = name.find(text, at + 1)) {
    values.push_back(name.substr(0, at));
    match(name.substr(at + text.size()), texts, next + 1, values, ways);
    values.pop_back();
  }
}

std::vector<std::vector<std::string_view>> ways_of(std::string_view name, const std::vector<std::string>& texts) {
  if (texts.size() == 1)
    return name == texts[0] ? std::vector<std::vector<std::string_view>>{{}}
                            : std::vector<std::vector<std::string_view>>{};
  if (!name.starts_with(texts[0])) return {};
  std::vector<std::string_view> values;
  std::vector<std::vector<std::string_view>> ways;
  match(name.substr(texts[0].size()), texts, 1, values, ways);
  return ways;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Runs of digits by their value: model_2 before model_10.
bool is_before(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (!is_digit(a[i]) || !is_digit(b[j])) {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i;
      ++j;
      continue;
    }
    std::size_t end_a = i;
    std::size_t end_b = j;
    while (end_a < a.size() && is_digit(a[end_a])) ++end_a;
    while (end_b < b.size() && is_digit(b[end_b])) ++end_b;
    std::string_view x = a.substr(i, end_a - i);
    std::string_view y = b.substr(j, end_b - j);
    x.remove_prefix(std::min(x.find_first_not_of('0'), x.size()));
    y.remove_prefix(std::min(y.find_first_not_of('0'), y.size()));
    if (x.size() != y.size()) return x.size() < y.size();
    if (x != y) return x < y;
    i = end_a;
    j = end_b;
  }
  if (a.size() - i != b.size() - j) return a.size() - i < b.size() - j;
  return a < b;
}

}  // namespace

Result<KeyFiles> KeyFiles::parse(std::string_view path) {
  KeyFiles files;
  std::string text;  // since the last column or slash
  std::vector<std::string> texts;
  const auto end_segment = [&](bool has_slash) {
    texts.push_back(std::move(text));
    text.clear();
    if (files.segments_.empty() && texts.size() == 1) {
      files.root_ += texts[0] + (has_slash ? "/" : "");
    } else {
      files.segments_.push_back({texts});
    }
    texts.clear();
  };
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    const bool is_double = i + 1 < path.size() && path[i + 1] == c;
    if (c == '/') {
      end_segment(true);
    } else if ((c == '{' || c == '}') && is_double) {
      text += c;
      ++i;
    } else if (c == '{') {
      const std::size_t close = path.find('}', i);
      const std::string_view name = path.substr(i + 1, close == std::string_view::npos ? 0 : close - i - 1);
      if (name.empty() || name.find_first_of("{/") != std::string_view::npos) {
        return invalid(path, "braces must hold the name of a column, such as {Device}");
      }
      if (!texts.empty() && text.empty()) return invalid(path, "two columns stand together: no telling where one ends");
      texts.push_back(std::move(text));
      text.clear();
      if (std::find(files.columns_.begin(), files.columns_.end(), name) != files.columns_.end()) {
        return invalid(path, "{" + std::string(name) + "} stands in it twice");
      }
      files.columns_.emplace_back(name);
      i = close;
    } else if (c == '}') {
      return invalid(path, "a closing brace has no opening one; a brace itself is written twice");
    } else {
      text += c;
    }
  }
  end_segment(false);
  if (files.columns_.empty()) return invalid(path, "names no column, such as model_{Device}_{Sensor}");
  if (files.columns_.size() > kMostColumns)
    return invalid(path, "has more than " + std::to_string(kMostColumns) + " columns");
  return files;
}

Status KeyFiles::walk(const std::filesystem::path& folder, std::size_t segment, std::vector<std::string>& found,
                      std::uint64_t& others) const {
  std::error_code error;
  std::vector<std::filesystem::path> folders;
  const bool is_last = segment + 1 == segments_.size();
  const std::filesystem::path searched = folder.empty() ? "." : folder;
  for (std::filesystem::directory_iterator entry(searched, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.')) continue;
    std::error_code unknown;
    const bool is_kind = is_last ? entry->is_regular_file(unknown) : entry->is_directory(unknown);
    if (is_kind && !ways_of(name, segments_[segment].texts).empty()) {
      if (is_last) {
        found.push_back((folder / name).string());
      } else {
        folders.push_back(folder / name);
      }
    } else if (is_last && is_kind) {
      ++others;
    }
  }
  if (error) return Error{Code::not_found, "cannot read folder '" + searched.string() + "': " + error.message()};
  for (const auto& next : folders) SCORIA_TRY_STATUS(walk(next, segment + 1, found, others));
  return Ok{};
}

Result<std::vector<std::string>> KeyFiles::list(std::uint64_t& others) const {
  std::vector<std::string> found;
  others = 0;
  SCORIA_TRY_STATUS(walk(root_, 0, found, others));
  std::sort(found.begin(), found.end(), is_before);
  return found;
}

Result<std::vector<std::string>> KeyFiles::key(std::string_view path) const {
  std::vector<std::string> key;
  std::string_view rest = path.substr(std::min(root_.size(), path.size()));
  for (const Segment& segment : segments_) {
    const std::size_t slash = rest.find('/');
    const auto ways = ways_of(rest.substr(0, slash), segment.texts);
    if (ways.size() != 1) {
      return invalid(path, ways.empty() ? "its name holds no key" : "its name holds a key in more than one way");
    }
    for (const std::string_view value : ways[0]) key.emplace_back(value);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  }
  return key;
}

}  // namespace scoria::plan
