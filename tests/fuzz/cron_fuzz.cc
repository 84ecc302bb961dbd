// Any text as cron, in a zone that the first byte picks: parsing fails by an error only; firings come strictly after the time asked for, in
// order, on whole minutes, and asking from just before one gives it again.
#include <cstdint>
#include <string_view>

#include "sched/recurrence.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  constexpr std::string_view kZones[] = {
      "", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana"};
  // Within forty years from 2006, when clocks changed in most of them.
  const std::int64_t minute = (data[1] * 256 + data[2]) * 320;
  const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);
  const auto cron = scoria::sched::Cron::parse(text, kZones[data[0] % 6]);
  if (!cron.ok()) {
    SCORIA_CHECK(cron.error().code == scoria::Code::invalid);
    return 0;
  }
  scoria::WallTime at = scoria::WallTime(std::chrono::seconds(1'136'073'600)) + std::chrono::minutes(minute);
  for (int i = 0; i < 4; ++i) {
    const auto next = cron.value().next(at);
    if (!next) return 0;
    SCORIA_CHECK(*next > at && next->time_since_epoch() % std::chrono::minutes(1) == scoria::Duration(0));
    SCORIA_CHECK(cron.value().next(*next - scoria::Duration(1)) == next);
    at = *next;
  }
  return 0;
}
