#include "capi/guard.h"

#include <cstring>
#include <memory>

struct scoria_error {
  scoria_code code;
  const char* message;  // owned, but for kOutOfMemory
};

namespace scoria::capi {
namespace {

constexpr scoria_error kOutOfMemory{SCORIA_EXHAUSTED, "out of memory"};

bool is_static(const scoria_error* error) { return error == &kOutOfMemory; }

scoria_code to_c(Code code) {
  switch (code) {
    case Code::invalid:
    case Code::conflict: return SCORIA_INVALID;
    case Code::not_found: return SCORIA_NOT_FOUND;
    case Code::denied: return SCORIA_DENIED;
    case Code::too_large: return SCORIA_TOO_LARGE;
    case Code::exhausted: return SCORIA_EXHAUSTED;
    case Code::unavailable:
    case Code::deadline: return SCORIA_UNAVAILABLE;
    case Code::corrupt: return SCORIA_CORRUPT;
    case Code::unsupported: return SCORIA_UNSUPPORTED;
  }
  return SCORIA_BUG;
}

}  // namespace

scoria_code report(scoria_error** error, scoria_code code, std::string_view message) noexcept {
  if (error == nullptr) return code;
  auto* const text = new (std::nothrow) char[message.size() + 1];
  auto* const made = text == nullptr ? nullptr : new (std::nothrow) scoria_error{code, text};
  if (made == nullptr) {
    delete[] text;
    *error = const_cast<scoria_error*>(&kOutOfMemory);  // never written to: scoria_error_free() knows it
    return code;
  }
  if (!message.empty()) std::memcpy(text, message.data(), message.size());
  text[message.size()] = '\0';
  *error = made;
  return code;
}

scoria_code report(scoria_error** error, const Error& from) noexcept {
  return report(error, to_c(from.code), from.message);
}

}  // namespace scoria::capi

extern "C" {

const char* scoria_code_name(scoria_code code) {
  switch (code) {
    case SCORIA_OK: return "ok";
    case SCORIA_INVALID: return "invalid";
    case SCORIA_NOT_FOUND: return "not_found";
    case SCORIA_DENIED: return "denied";
    case SCORIA_TOO_LARGE: return "too_large";
    case SCORIA_EXHAUSTED: return "exhausted";
    case SCORIA_UNAVAILABLE: return "unavailable";
    case SCORIA_CORRUPT: return "corrupt";
    case SCORIA_UNSUPPORTED: return "unsupported";
    case SCORIA_BUG: return "bug";
  }
  return "unknown";
}

scoria_code scoria_error_code(const scoria_error* error) { return error == nullptr ? SCORIA_OK : error->code; }

const char* scoria_error_message(const scoria_error* error) { return error == nullptr ? "" : error->message; }

void scoria_error_free(scoria_error* error) {
  if (error == nullptr || scoria::capi::is_static(error)) return;
  delete[] error->message;
  delete error;
}

}  // extern "C"
