#include "report/page.h"

#include "report/format.h"
#include "report/page_assets.h"

namespace scoria::report {

std::string page_html(std::string_view title, std::string_view subtitle, const std::string& body,
                      std::string_view script) {
  const std::string name = html_escape(title);
  std::string out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  out +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'\">\n";
  out +=
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
      "content=\"light dark\">\n";
  out +=
      "<title>" + name + "</title>\n<style>" + std::string(assets::page_css()) + "</style>\n</head>\n<body>\n<main>\n";
  out += "<header><h1>" + name + "</h1>";
  if (!subtitle.empty()) out += "<p class=\"subtitle\">" + html_escape(subtitle) + "</p>";
  out += "</header>\n" + body + "\n</main>\n";
  if (!script.empty()) out += "<div id=\"tip\" hidden></div>\n<script>" + std::string(script) + "</script>\n";
  return out + "</body>\n</html>\n";
}

std::string facts_html(const std::vector<Fact>& facts) {
  if (facts.empty()) return "";
  std::string out = "<div class=\"tiles\">";
  for (const Fact& fact : facts) {
    out +=
        "<div class=\"tile\"><b>" + html_escape(fact.value) + "</b><span>" + html_escape(fact.label) + "</span></div>";
  }
  return out + "</div>";
}

std::string provenance_html(const std::vector<Fact>& rows) {
  if (rows.empty()) return "";
  std::string out =
      "<section id=\"provenance\"><h2>Where the numbers came from</h2><div class=\"scroll\"><table class=\"facts\">";
  for (const Fact& row : rows) {
    out += "<tr><th scope=\"row\">" + html_escape(row.label) + "</th><td>" + html_escape(row.value) + "</td></tr>";
  }
  return out + "</table></div></section>";
}

std::string notes_html(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += "<p class=\"empty\">" + html_escape(line) + "</p>";
  return out;
}

}  // namespace scoria::report
