#include "spec/json_text.h"

#include <string>

namespace scoria::spec {
namespace {

// One pass over the bytes outside of strings. It need not know whether the text is JSON: the parser finds that out.
Status check_cost(std::string_view text, const JsonLimits& limits) {
  int depth = 0;
  std::size_t values = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '"':
        for (++i; i < text.size() && text[i] != '"'; ++i) {
          if (text[i] == '\\') ++i;
        }
        break;
      case '[':
      case '{':
        if (++depth > limits.depth) {
          return Error{Code::too_large, "the document nests more than " + std::to_string(limits.depth) +
                                            " levels deep at byte " + std::to_string(i) + "; at most " +
                                            std::to_string(limits.depth) + " are allowed"};
        }
        ++values;
        break;
      case ']':
      case '}': --depth; break;
      case ',':
        if (++values > limits.values) {
          return Error{Code::too_large, "the document has more than " + std::to_string(limits.values) + " values"};
        }
        break;
      default: break;
    }
  }
  return Ok{};
}

// The parser's words without its own numbering: "[json.exception.parse_error.101] parse error at ...".
std::string reason(const char* what) {
  std::string_view text = what;
  if (const auto end = text.find("] "); end != std::string_view::npos) text.remove_prefix(end + 2);
  return std::string(text);
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return Error{Code::too_large, "the document has " + std::to_string(text.size()) + " bytes, at most " +
                                      std::to_string(limits.bytes) + " are allowed"};
  }
  SCORIA_TRY_STATUS(check_cost(text, limits));
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::exception& error) {
    return Error{Code::invalid, "not a JSON document: " + reason(error.what())};
  }
}

std::string json_text(const Json& document) { return document.dump(-1, ' ', false, Json::error_handler_t::replace); }

void append_json_string(std::string& out, std::string_view text) {
  bool is_plain = true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\') {
      is_plain = false;
      break;
    }
  }
  if (is_plain) {
    out.append(1, '"').append(text).append(1, '"');
  } else {
    out += json_text(Json(text));
  }
}

}  // namespace scoria::spec
