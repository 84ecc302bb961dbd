// How parts of stored documents are written: times, stamps, resource classes. Threads: free functions.
#pragma once

#include <optional>
#include <string>

#include "batch/state.h"

namespace scoria::batch {

// Microseconds since 1970: exact, unlike the texts that clients read.
inline std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime wall_of(const Json& value) { return WallTime(Duration(value.get<std::int64_t>())); }

inline Json optional_micros(const std::optional<WallTime>& time) { return time ? Json(micros(*time)) : Json(); }
inline std::optional<WallTime> optional_wall(const Json& parent, const char* key) {
  const auto found = parent.find(key);
  if (found == parent.end() || found->is_null()) return std::nullopt;
  return wall_of(*found);
}

inline Json stamp_json(const Stamp& stamp) {
  return {micros(stamp.created), micros(stamp.modified), micros(stamp.state_since), stamp.version};
}
inline Stamp stamp_of(const Json& value) {
  return {.created = wall_of(value.at(0)),
          .modified = wall_of(value.at(1)),
          .state_since = wall_of(value.at(2)),
          .version = value.at(3).get<std::uint64_t>()};
}

// `load` with what a library throws of a document that is none as an Error naming it.
template <typename Load>
Status guarded_load(const store::Document& document, Load load) {
  try {
    return load(Json::parse(document.text));
  } catch (const Json::exception& error) {
    return Error{Code::corrupt,
                 "the stored document '" + document.parent + "/" + document.id + "' cannot be read: " + error.what()};
  }
}

}  // namespace scoria::batch
