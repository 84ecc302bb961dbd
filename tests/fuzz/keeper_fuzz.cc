// Any bytes as what agent and keeper say to each other: frames or an error, and what was read is read again from what it writes.
#include <cstdint>
#include <string>
#include <string_view>

#include "node/keeper_protocol.h"

using namespace scoria::node;

namespace {

std::string written(const Message& message) {
  std::string frame;
  switch (message.kind) {
    case MessageKind::start: append_start(frame, message.start); break;
    case MessageKind::kill: append_kill(frame, message.kill); break;
    case MessageKind::forget: append_forget(frame, message.attempt); break;
    case MessageKind::renew: append_renew(frame, message.lease_until_ms); break;
    case MessageKind::state: append_state(frame, message.state); break;
    case MessageKind::ended: append_ended(frame, message.ending); break;
    case MessageKind::started:
    case MessageKind::warm_started: append_started(frame, message.started, message.kind); break;
    default: append_leave(frame); break;
  }
  return frame;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (std::size_t position = 0; position < size;) {
    const std::size_t before = position;
    const auto message = take_message(bytes, position);
    if (!message.ok() || !message.value()) return 0;
    SCORIA_CHECK(position > before && position <= size);
    const std::string first = written(*message.value());
    std::size_t end = 0;
    const auto again = take_message(first, end);
    SCORIA_CHECK(again.ok() && again.value() && end == first.size());
    SCORIA_CHECK(written(*again.value()) == first);
  }
  return 0;
}
