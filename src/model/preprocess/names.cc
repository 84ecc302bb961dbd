#include "model/preprocess/names.h"

namespace scoria::model::preprocess {

std::string joined_name(std::string_view first, std::string_view second, std::string_view third) {
  constexpr std::string_view kCut = "...";
  std::string name;
  for (const std::string_view part : {first, second, third}) {
    if (name.size() + part.size() <= kLongestName) {
      name += part;
      continue;
    }
    name += part.substr(0, kLongestName - name.size());
    std::size_t end = kLongestName - kCut.size();
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0u) == 0x80u) --end;  // not within a character
    return name.substr(0, end).append(kCut);
  }
  return name;
}

}  // namespace scoria::model::preprocess
