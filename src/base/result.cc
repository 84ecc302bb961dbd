#include "base/result.h"

namespace scoria {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::invalid: return "invalid";
    case Code::not_found: return "not_found";
    case Code::conflict: return "conflict";
    case Code::denied: return "denied";
    case Code::too_large: return "too_large";
    case Code::exhausted: return "exhausted";
    case Code::unavailable: return "unavailable";
    case Code::deadline: return "deadline";
    case Code::corrupt: return "corrupt";
    case Code::unsupported: return "unsupported";
  }
  throw_bug(__FILE__, __LINE__, "a known Code");
}

Error with_context(std::string_view context, Error error) {
  error.message.insert(0, ": ").insert(0, context);
  return error;
}

void throw_bug(const char* file, int line, const char* condition) {
  throw Bug(std::string(file) + ":" + std::to_string(line) + ": this should hold: " + condition);
}

}  // namespace scoria
