// What the world can do to us comes back as a Result or a Status; what only a bug can do is a SCORIA_CHECK.
// Threads: plain values. Ownership: a Result owns its value or its error.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace scoria {

enum class Code : std::uint8_t {
  invalid,
  not_found,
  conflict,
  denied,
  too_large,
  exhausted,
  unavailable,
  deadline,
  corrupt,
  unsupported,
};

// The name of the code as written in the enumeration, for logs and JSON.
std::string_view code_name(Code code);

struct Error {
  Code code;            // for programs
  std::string message;  // for people: which thing, what is wrong, what would be right
  std::string api_code =
      {};  // a foreign API's own name of it (Azure Batch's "PoolExists"), for its clients; empty: by `code`
  std::vector<std::pair<std::string, std::string>> values =
      {};  // what that API says of it by name ("PropertyName", "id")
};

// The same error with `context` and a colon before its message ("model 'a.rds': ...").
Error with_context(std::string_view context, Error error);

// Thrown by a failed SCORIA_CHECK, and caught only at the four borders (C ABI, REST handler, thread, main).
class Bug : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void throw_bug(const char* file, int line, const char* condition);

template <typename T>
class [[nodiscard]] Result {
 public:
  // Implicit on purpose: `return value;` and `return Error{...};` are how every function ends.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }

  // Precondition for value(): ok(); for error(): !ok().
  T& value() & { return *std::get_if<0>(&checked(0)); }
  const T& value() const& { return *std::get_if<0>(&checked(0)); }
  T&& value() && { return std::move(*std::get_if<0>(&checked(0))); }
  Error& error() & { return *std::get_if<1>(&checked(1)); }
  const Error& error() const& { return *std::get_if<1>(&checked(1)); }
  Error&& error() && { return std::move(*std::get_if<1>(&checked(1))); }

 private:
  std::variant<T, Error>& checked(std::size_t index) {
    if (state_.index() != index) throw_bug(__FILE__, __LINE__, "Result read on its other side");
    return state_;
  }
  const std::variant<T, Error>& checked(std::size_t index) const {
    if (state_.index() != index) throw_bug(__FILE__, __LINE__, "Result read on its other side");
    return state_;
  }

  std::variant<T, Error> state_;
};

struct Ok {};

// A Result without a value: `return Ok{};` or `return Error{...};`.
using Status = Result<Ok>;

}  // namespace scoria

#define SCORIA_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::scoria::throw_bug(__FILE__, __LINE__, #condition))

// SCORIA_TRY(name, expression): returns the expression's error from this function, or binds `name` to its value.
#define SCORIA_TRY(name, ...)                                       \
  auto name##_result = (__VA_ARGS__);                               \
  if (!name##_result.ok()) return std::move(name##_result).error(); \
  [[maybe_unused]] auto& name = name##_result.value()

// SCORIA_TRY_STATUS(expression): returns the expression's error from this function; its value is dropped.
#define SCORIA_TRY_STATUS(...)                                                                      \
  do {                                                                                              \
    if (auto try_status_ = (__VA_ARGS__); !try_status_.ok()) return std::move(try_status_).error(); \
  } while (false)
