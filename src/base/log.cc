#include "base/log.h"

#include "base/clock.h"
#include "base/iso8601.h"

namespace scoria::log {
namespace {

struct Target {
  Sink sink;
  Level least = Level::info;
};

Target& target() {
  static Target only;
  return only;
}

const char* name_of(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
  }
  return "";
}

void append_value(std::string& line, const std::string& text) {
  const bool is_bare = !text.empty() && text.find_first_of(" \t\r\n\"\\=") == std::string::npos;
  if (is_bare) {
    line += text;
    return;
  }
  line += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') line += '\\';
    if (c == '\n') {
      line += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      line += ' ';  // one event is one line
    } else {
      line += c;
    }
  }
  line += '"';
}

}  // namespace

void set_sink(Sink sink, Level least) { target() = {std::move(sink), least}; }

void write(Level level, std::string_view event, Fields fields) {
  const Target& to = target();
  if (!to.sink || level < to.least) return;
  std::string line = format_time(SystemClock().now().wall);
  line.replace(line.size() - 5, 4, "");  // milliseconds are enough for people
  line.append(" ").append(name_of(level)).append(" ").append(event);
  for (const auto& [name, value] : fields) {
    line.append(" ").append(name).append("=");
    append_value(line, value.text);
  }
  to.sink(level, line);
}

}  // namespace scoria::log
