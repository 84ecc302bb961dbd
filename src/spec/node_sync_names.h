// Enumerators of spec/node_sync.h as the exchange writes them; in the order of their values. Threads: constants.
#pragma once

#include <array>
#include <string_view>

namespace scoria::spec {

inline constexpr std::array<std::string_view, 5> kRunKinds{"task", "start_task", "preparation", "release", "images"};
inline constexpr std::array<std::string_view, 4> kPhases{"queued", "preparing", "running", "ended"};
inline constexpr std::array<std::string_view, 3> kEventKinds{"preparing", "started", "ended"};
inline constexpr std::array<std::string_view, 4> kNodeOrders{"none", "reboot", "reimage", "leave"};

}  // namespace scoria::spec
