#include "serve/service_version.h"

#include <algorithm>
#include <cctype>

#include "serve/protocols.h"

namespace scoria::serve {

Outcome ServiceVersion::score(const table::Table&, const model::Request&, Executor&) const {
  return {.predictions = {}, .problem = one_mistake(500, "failed", "this service scores no rows at once")};
}

// NOLINTBEGIN(performance-unnecessary-value-param): those that answer keep what they are given.
void ServiceVersion::score_later(table::Table, model::Request, Deadline, Done done) const {
  done({.predictions = {}, .problem = one_mistake(400, "bad_request", "this service takes no rows")});
}

void ServiceVersion::answer_whole(net::HttpRequest, std::string, Deadline, Answered done) const {
  done(problem_reply(one_mistake(404, "not_found", "nothing is served at this path; GET / lists what is")));
}
// NOLINTEND(performance-unnecessary-value-param)

bool is_service_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; });
}

}  // namespace scoria::serve
