// How a call of the module ended, for the other side: Arrow's Status or an exception as a ModuleError.
// Threads: free functions.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "arrowio/module.h"
#include "base/result.h"

namespace scoria::arrowio {

inline void fill_error(ModuleError* error, Code code, std::string_view message) {
  error->code = static_cast<std::int32_t>(code);
  const std::size_t size = std::min(message.size(), sizeof error->message - 1);
  std::memcpy(error->message, message.data(), size);
  error->message[size] = '\0';
}

// Arrow's Invalid is mostly a damaged file, and IOError all that a disk, a store or a Thrift header may have.
inline Code code_of(const arrow::Status& status) {
  switch (status.code()) {
    case arrow::StatusCode::OutOfMemory: return Code::too_large;
    case arrow::StatusCode::NotImplemented:
    case arrow::StatusCode::TypeError: return Code::unsupported;
    case arrow::StatusCode::IOError: return Code::unavailable;
    case arrow::StatusCode::Cancelled: return Code::unavailable;
    default: return Code::corrupt;
  }
}

// Calls `body`, which returns an arrow::Result; `failed` on an error or an exception.
template <typename Value, typename Body>
Value guarded(ModuleError* error, Value failed, Body body) {
  try {
    arrow::Result<Value> result = body();
    if (result.ok()) return std::move(result).ValueUnsafe();
    fill_error(error, code_of(result.status()), result.status().message());
  } catch (const std::bad_alloc&) {
    fill_error(error, Code::too_large, "more memory is wanted than there is");
  } catch (const std::exception& thrown) {
    fill_error(error, Code::corrupt, thrown.what());
  } catch (...) {
    fill_error(error, Code::corrupt, "Arrow threw something that is no exception");
  }
  return failed;
}

}  // namespace scoria::arrowio
