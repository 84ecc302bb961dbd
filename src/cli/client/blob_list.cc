#include "cli/client/blob_list.h"

#include <array>
#include <charconv>

namespace scoria::cli {
namespace {

std::string resolve_entities(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> kEntities = {
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    bool found = false;
    for (const auto& [entity, character] : kEntities) {
      if (text.substr(i).starts_with(entity)) {
        result += character;
        i += entity.size();
        found = true;
        break;
      }
    }
    if (!found) result += text[i++];
  }
  return result;
}

}  // namespace

std::string text_of_element(std::string_view xml, std::string_view name) {
  const std::string open = "<" + std::string(name) + ">";
  const std::size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = xml.find("</" + std::string(name) + ">", begin);
  if (end == std::string_view::npos) return {};
  return resolve_entities(xml.substr(begin + open.size(), end - begin - open.size()));
}

BlobPage parse_blob_page(std::string_view xml) {
  BlobPage page;
  page.next = text_of_element(xml, "NextMarker");
  for (const std::string_view kind : {"Blob", "Container"}) {
    const std::string open = "<" + std::string(kind) + ">";
    const std::string close = "</" + std::string(kind) + ">";
    for (std::size_t at = xml.find(open); at != std::string_view::npos; at = xml.find(open, at + 1)) {
      const std::size_t end = xml.find(close, at);
      if (end == std::string_view::npos) break;
      const std::string_view item = xml.substr(at, end - at);
      const std::string size = text_of_element(item, "Content-Length");
      std::uint64_t bytes = 0;
      std::from_chars(size.data(), size.data() + size.size(), bytes);
      page.items.emplace_back(text_of_element(item, "Name"), bytes);
    }
  }
  return page;
}

}  // namespace scoria::cli
