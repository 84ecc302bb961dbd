#include "server/upkeep/open_attempts.h"

#include "spec/json.h"
#include "store/state_file.h"

namespace scoria::server {

Result<std::set<std::uint64_t>> open_attempts(const std::filesystem::path& folder) {
  SCORIA_TRY(state, store::StateFile::open(folder));
  std::set<std::uint64_t> attempts;
  SCORIA_TRY_STATUS(state->each_open_task([&](const store::TaskRow& row) -> Status {
    const auto info = spec::Json::parse(row.info, nullptr, /*allow_exceptions=*/false);
    if (!info.is_object() || !info.contains(spec::kPrivate) || !info[spec::kPrivate].is_object()) return Ok{};
    const auto& own = info[spec::kPrivate];
    for (const char* name : {"a", "publishing"}) {
      if (own.contains(name) && own[name].is_number_unsigned()) attempts.insert(own[name].get<std::uint64_t>());
    }
    return Ok{};
  }));
  return attempts;
}

}  // namespace scoria::server
