// Any text as either direction of the nodes' exchange: what is understood is written and understood again as the same.
#include <cstdint>
#include <string_view>

#include "spec/node_sync.h"

using namespace scoria::spec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto request = parse_sync_request(text); request.ok()) {
    const std::string once = to_text(request.value());
    const auto again = parse_sync_request(once);
    SCORIA_CHECK(again.ok() && to_text(again.value()) == once);
  }
  if (const auto reply = parse_sync_reply(text); reply.ok()) {
    const std::string once = to_text(reply.value());
    const auto again = parse_sync_reply(once);
    SCORIA_CHECK(again.ok() && to_text(again.value()) == once);
  }
  return 0;
}
