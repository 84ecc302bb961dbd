// What every report's page has: its head, tiles of facts, a table that says where the numbers came from.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace scoria::report {

struct Fact {
  std::string label;
  std::string value;
};

// The whole page around `body`, which is HTML; the title and the subtitle are text. `script` runs at the end, where not empty.
// Whatever the page holds, the browser lets it load nothing.
std::string page_html(std::string_view title, std::string_view subtitle, const std::string& body,
                      std::string_view script);

std::string facts_html(const std::vector<Fact>& facts);
std::string provenance_html(const std::vector<Fact>& rows);
// Notes to the reader: what could not be drawn, what was left out.
std::string notes_html(const std::vector<std::string>& lines);

}  // namespace scoria::report
