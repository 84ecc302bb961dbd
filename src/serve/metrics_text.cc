#include "serve/metrics_text.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace scoria::serve {

std::string join_metrics(const std::vector<std::string>& texts) {
  constexpr std::string_view kHelp = "# HELP ", kType = "# TYPE ";
  struct Family {
    std::string head, samples;
  };
  std::vector<Family> families;
  std::map<std::string, std::size_t, std::less<>> by_name;
  for (const std::string_view text : texts) {
    Family* family = nullptr;
    bool is_first = false;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::string_view line = text.substr(at, end - at);
      at = end + 1;
      if (line.starts_with(kHelp)) {
        const std::string_view name = line.substr(kHelp.size(), line.find(' ', kHelp.size()) - kHelp.size());
        const auto [found, is_new] = by_name.try_emplace(std::string(name), families.size());
        if (is_new) families.emplace_back();
        family = &families[found->second];
        is_first = is_new;
      }
      if (family == nullptr || line.empty()) continue;
      const bool is_head = line.starts_with(kHelp) || line.starts_with(kType);
      if (is_head && !is_first) continue;
      (is_head ? family->head : family->samples).append(line).append("\n");
    }
  }
  std::string all;
  for (const Family& family : families) all += family.head + family.samples;
  return all;
}

}  // namespace scoria::serve
