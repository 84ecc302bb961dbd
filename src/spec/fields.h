// The table of types and fields of the batch service: what bodies hold, what answers hold, and how older versions call it.
// Rows are in fields_*.cc, one file for each noun. read_body(), shape_for(), Filter and Select all read this one table.
// Source: Azure Batch REST API reference, 2018-03-01.6.1 to 2022-10-01.16.0. Threads: constants.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "spec/json.h"
#include "spec/shape.h"

namespace scoria::spec {

enum class FieldKind : std::uint8_t {
  text,  // min to max: characters
  id,    // 1 to 64 of letters, digits, - and _
  boolean,
  integer,  // min to max
  number,
  time,
  duration,  // min to max: seconds
  one_of,    // names
  some_of,   // a list of names
  texts,
  ids,
  object,
  objects,
  any_object,  // kept as it is: stored and echoed
  any_list,
};

struct Type;
using Names = std::span<const std::string_view>;

struct Field {
  std::string_view name = {};
  FieldKind kind = FieldKind::text;
  const Type* type = nullptr;
  Names names = {};
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  bool is_required = false;
  bool is_secret = false;      // never answered
  bool is_constraint = false;  // a wrong value is InvalidConstraintValue
  bool is_filled = false;      // an object that is made, with its fields' defaults, where it is missing
  std::string_view older_name = {};
  int renamed = 0;                      // the first version that has `name` (yyyymmdd)
  int first_version = 0;                // older clients are not told
  std::string_view absent = {};         // what a missing one means: true, an integer, or a text
  std::string_view absent_before = {};  // and what it meant in versions before `absent_changed`
  int absent_changed = 0;

  constexpr Field required() const {
    Field field = *this;
    field.is_required = true;
    return field;
  }
  constexpr Field secret() const {
    Field field = *this;
    field.is_secret = true;
    return field;
  }
  constexpr Field constraint() const {
    Field field = *this;
    field.is_constraint = true;
    return field;
  }
  constexpr Field filled() const {
    Field field = *this;
    field.is_filled = true;
    return field;
  }
  constexpr Field since(int version) const {
    Field field = *this;
    field.first_version = version;
    return field;
  }
  // `version`: the first that has today's name.
  constexpr Field was(std::string_view older, int version) const {
    Field field = *this;
    field.older_name = older;
    field.renamed = version;
    return field;
  }
  constexpr Field otherwise(std::string_view value) const {
    Field field = *this;
    field.absent = value;
    return field;
  }
  constexpr Field before(int version, std::string_view value) const {
    Field field = *this;
    field.absent_before = value;
    field.absent_changed = version;
    return field;
  }
};

// What a check of a whole object found wrong.
struct Problem {
  std::string_view code;
  std::string_view property;  // a member's name, or empty: the object
  std::string reason;
};
// May put a value into its canonical form.
using Check = std::optional<Problem> (*)(Json::object_t& object);

// Fields that exclude each other.
struct Choice {
  std::array<std::string_view, 3> names;
  bool is_required = false;  // one of them
};

struct Type {
  std::span<const Field> fields;  // in the order of their names
  std::span<const Choice> choices = {};
  Check check = nullptr;
};

const Field* find_field(const Type& type, std::string_view name);

// Fields as a table, put into the order of their names when the program is compiled.
template <std::size_t kSize>
consteval std::array<Field, kSize> fields(const Field (&list)[kSize]) {
  auto sorted = std::to_array(list);
  std::ranges::sort(sorted, {}, &Field::name);
  return sorted;
}

// The same with more of them.
template <std::size_t kBase, std::size_t kMore>
consteval std::array<Field, kBase + kMore> fields(const std::array<Field, kBase>& base, const Field (&more)[kMore]) {
  std::array<Field, kBase + kMore> sorted{};
  std::ranges::copy(more, std::ranges::copy(base, sorted.begin()).out);
  std::ranges::sort(sorted, {}, &Field::name);
  return sorted;
}

constexpr std::int64_t kAnyLength = std::numeric_limits<std::int64_t>::max();
constexpr Field text(std::string_view name, std::int64_t min = 0, std::int64_t max = kAnyLength) {
  return {.name = name, .kind = FieldKind::text, .min = min, .max = max};
}
constexpr Field id(std::string_view name) { return {.name = name, .kind = FieldKind::id}; }
constexpr Field boolean(std::string_view name) { return {.name = name, .kind = FieldKind::boolean}; }
constexpr Field integer(std::string_view name, std::int64_t min = std::numeric_limits<std::int32_t>::min(),
                        std::int64_t max = std::numeric_limits<std::int32_t>::max()) {
  return {.name = name, .kind = FieldKind::integer, .min = min, .max = max};
}
constexpr Field number(std::string_view name) { return {.name = name, .kind = FieldKind::number}; }
constexpr Field time(std::string_view name) { return {.name = name, .kind = FieldKind::time}; }
constexpr Field duration(std::string_view name, std::int64_t min = 0, std::int64_t max = kAnyLength) {
  return {.name = name, .kind = FieldKind::duration, .min = min, .max = max};
}
constexpr Field one_of(std::string_view name, Names names) {
  return {.name = name, .kind = FieldKind::one_of, .names = names};
}
constexpr Field some_of(std::string_view name, Names names) {
  return {.name = name, .kind = FieldKind::some_of, .names = names};
}
constexpr Field texts(std::string_view name) { return {.name = name, .kind = FieldKind::texts}; }
constexpr Field ids(std::string_view name) { return {.name = name, .kind = FieldKind::ids}; }
constexpr Field object(std::string_view name, const Type& type) {
  return {.name = name, .kind = FieldKind::object, .type = &type};
}
constexpr Field objects(std::string_view name, const Type& type) {
  return {.name = name, .kind = FieldKind::objects, .type = &type};
}
constexpr Field any_object(std::string_view name) { return {.name = name, .kind = FieldKind::any_object}; }
constexpr Field any_list(std::string_view name) { return {.name = name, .kind = FieldKind::any_list}; }

// Of several nouns (fields_shared.cc).
inline constexpr std::string_view kForeverText = "P10675199DT2H48M5.4775807S";
inline constexpr std::string_view kCategories[] = {"usererror", "servererror"};
inline constexpr std::string_view kResults[] = {"success", "failure"};
extern const Type kApplicationPackageReference, kAuthenticationTokenSettings, kContainerRegistry, kEnvironmentSetting,
    kFailureInformation, kContainerExecutionInformation, kMetadataItem, kNameValuePair, kOutputFile, kResourceFile,
    kContainerSettings, kTaskConstraints, kUserIdentity, kIdentityReference;
inline constexpr std::string_view kElevationLevels[] = {"nonadmin", "admin"};
// A task must have a command, or an image that has one.
std::optional<Problem> check_command(Json::object_t& task);

// Of one noun, used by others.
extern const Type kStartTask, kPoolSpecification;  // fields_pool.cc
extern const Type kJobSpecification;               // fields_job.cc
extern const Type kTaskExecutionInformation;       // fields_task.cc

// What a body of a kind holds.
const Type& body_type(Body kind);
extern const Type kPoolAdd, kPoolPatch, kPoolUpdate, kPoolResize, kPoolEnableAutoScale, kPoolEvaluateAutoScale,
    kPoolRemoveNodes;
extern const Type kNodeReboot, kNodeReimage, kNodeDisableScheduling, kNodeUser;
extern const Type kJobAdd, kJobPatch, kJobUpdate, kJobDisable, kJobTerminate;
extern const Type kTaskAdd, kTaskUpdate;
extern const Type kScheduleAdd, kSchedulePatch, kScheduleUpdate;

// What clients read of an entity: what was submitted, and what the service adds.
struct EntityType {
  const Type* submitted;
  const Type* added;
};
EntityType entity_type(Entity entity);
const Field* find_field(const EntityType& entity, std::string_view name);
extern const Type kNothing, kPoolAdded, kNodeAdded, kJobAdded, kTaskAdded, kScheduleAdded, kPreparationStatusAdded,
    kTaskCountsAdded, kNodeCountsAdded, kImageAdded;

}  // namespace scoria::spec
