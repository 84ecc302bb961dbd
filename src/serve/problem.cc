#include "serve/problem.h"

#include <nlohmann/json.hpp>

namespace scoria::serve {

Problem one_mistake(int status, std::string code, std::string message) {
  Problem problem{.status = status, .mistakes = {}};
  problem.mistakes.push_back(
      {.code = std::move(code), .message = std::move(message), .row = {}, .column = {}, .value = {}, .expected = {}});
  return problem;
}

namespace {

const char* title_of(int status) {
  switch (status) {
    case 404: return "Not found";
    case 405: return "Method not allowed";
    case 413: return "Request too large";
    case 415: return "Unsupported kind of body";
    default: return status >= 500 ? "Not answered" : "Bad input";
  }
}

}  // namespace

std::string to_json(const Problem& problem) {
  using nlohmann::ordered_json;
  ordered_json errors = ordered_json::array();
  for (const Mistake& mistake : problem.mistakes) {
    ordered_json entry;
    if (mistake.row) entry["row"] = *mistake.row;
    if (!mistake.column.empty()) entry["column"] = mistake.column;
    entry["code"] = mistake.code;
    if (!mistake.value.empty()) entry["value"] = mistake.value;
    if (!mistake.expected.empty()) entry["expected"] = mistake.expected;
    entry["message"] = mistake.message;
    errors.push_back(std::move(entry));
  }
  const ordered_json document{{"type", "about:blank"},
                              {"title", title_of(problem.status)},
                              {"status", problem.status},
                              {"detail", problem.message()},
                              {"errors", std::move(errors)}};
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace scoria::serve
