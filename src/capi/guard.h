// The border of the C interface: whatever happens within comes out as a code and an error.
// Threads: free functions.
#pragma once

#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/result.h"
#include "capi/scoria.h"

namespace scoria::capi {

// Sets `*error`, where it is given, to an error of its own; when there is no memory for one, to one that needs none.
scoria_code report(scoria_error** error, scoria_code code, std::string_view message) noexcept;
scoria_code report(scoria_error** error, const Error& from) noexcept;

// Runs body(), which gives a Status.
template <typename Body>
scoria_code guarded(scoria_error** error, const Body& body) noexcept {
  if (error != nullptr) *error = nullptr;
  try {
    const Status status = body();
    return status.ok() ? SCORIA_OK : report(error, status.error());
  } catch (const std::bad_alloc&) {
    return report(error, SCORIA_EXHAUSTED, "out of memory");
  } catch (const std::length_error&) {  // a size that no memory has
    return report(error, SCORIA_EXHAUSTED, "out of memory");
  } catch (const std::exception& bug) {
    return report(error, SCORIA_BUG, bug.what());
  } catch (...) {
    return report(error, SCORIA_BUG, "an exception of unknown type");
  }
}

}  // namespace scoria::capi
