// Events with fields, not prose: log::info("task_started", {{"task", id}, {"node", name}}).
// `error`: a person must act. `warn`: we coped, look tomorrow. `info`: life cycle. `debug`: off by default.
// Where lines go is plugged in by `bin` (a test plugs in its own); until then nothing is written.
// Threads: all functions may be called from several threads at once; set_sink() before the first thread starts.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace scoria::log {

enum class Level : std::uint8_t { debug, info, warn, error };

// A field's value as text. Numbers and booleans are written bare, text is quoted where it needs to be.
struct Value {
  Value(std::string_view value) : text(value) {}
  Value(const std::string& value) : text(value) {}
  Value(const char* value) : text(value) {}
  Value(bool value) : text(value ? "true" : "false") {}
  template <typename Number>
    requires std::is_arithmetic_v<Number>
  Value(Number number) : text(std::to_string(number)) {}
  std::string text;
};
using Fields = std::initializer_list<std::pair<std::string_view, Value>>;

// Gets each event as one line without its end: `2026-11-29T13:36:00.123Z info task_started task=t1 node=n1`.
using Sink = std::function<void(Level level, const std::string& line)>;
void set_sink(Sink sink, Level least);

void write(Level level, std::string_view event, Fields fields);
inline void debug(std::string_view event, Fields fields = {}) { write(Level::debug, event, fields); }
inline void info(std::string_view event, Fields fields = {}) { write(Level::info, event, fields); }
inline void warn(std::string_view event, Fields fields = {}) { write(Level::warn, event, fields); }
inline void error(std::string_view event, Fields fields = {}) { write(Level::error, event, fields); }

}  // namespace scoria::log
