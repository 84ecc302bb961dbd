// The read side of spec/shape.h. A document is checked and put right where it was parsed: fields and members are both in the order of
// their names, so that one walk over the two finds what is unknown, wrong and missing, and nothing is copied.
#include <charconv>
#include <cmath>

#include "base/iso8601.h"
#include "spec/errors.h"
#include "spec/fields.h"
#include "spec/json_text.h"
#include "spec/shape.h"

namespace scoria::spec {
namespace {

constexpr std::size_t kMaxTasks = 100;
constexpr std::size_t kMaxShownValue = 128;

// The path to a value, kept on the stack, written only when something is wrong there.
struct Where {
  static constexpr std::size_t kNoIndex = static_cast<std::size_t>(-1);
  const Where* up = nullptr;
  std::string_view name;
  std::size_t index = kNoIndex;

  std::string text() const {
    std::string out = up == nullptr ? "" : up->text();
    if (index != kNoIndex) return out + "[" + std::to_string(index) + "]";
    if (!out.empty() && !name.empty()) out += '.';
    return out.append(name);
  }
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_without_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

std::size_t characters_of(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string range_text(const Field& field, std::string_view unit) {
  constexpr auto kNoEnd = std::numeric_limits<std::int64_t>::max();
  std::string out = field.max == kNoEnd ? "at least " + std::to_string(field.min)
                                        : std::to_string(field.min) + " to " + std::to_string(field.max);
  return out.append(unit);
}

std::string names_text(Names names) {
  std::string out;
  for (const auto name : names) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

// A literal of the table: true, an integer, or a text.
Json literal(const Field& field, std::string_view text) {
  if (field.kind == FieldKind::boolean) return text == "true";
  if (field.kind != FieldKind::integer) return text;
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Every function is false where something was wrong; error() then says what.
class Reader {
 public:
  explicit Reader(ApiVersion version) : version_(version) {}

  const Error& error() const { return *error_; }

  bool read_object(const Type& type, Json& json, const Where& where) {
    if (!json.is_object()) return refuse_type(where, "an object");
    auto& members = json.get_ref<Json::object_t&>();
    rename(type, members);
    auto member = members.begin();
    for (const Field& field : type.fields) {
      while (member != members.end() && member->first < field.name) member = members.erase(member);
      const Where here{&where, field.name};
      if (member != members.end() && member->first == field.name) {
        if (!member->second.is_null()) {
          if (!read_value(field, member->second, here)) return false;
          ++member;
          continue;
        }
        member = members.erase(member);
      }
      if (!fill(field, members, member, here)) return false;
    }
    members.erase(member, members.end());
    return check_choices(type, members, where) && check(type, members, where);
  }

  bool refuse(std::string_view code, const Where& where, std::string_view reason, const Json* value = nullptr) {
    const std::string path = where.text();
    std::string message = path.empty() ? "the request body" : "property '" + path + "'";
    message.append(": ").append(reason);
    std::vector<std::pair<std::string, std::string>> values = {{"PropertyName", path}};
    if (value != nullptr) values.emplace_back("PropertyValue", shown(*value));
    values.emplace_back("Reason", reason);
    error_ = batch_error(code, std::move(message), std::move(values));
    return false;
  }

 private:
  static std::string shown(const Json& value) {
    std::string text = value.is_string() ? json_text(value) : value.is_structured() ? "..." : value.dump();
    if (text.size() > kMaxShownValue) text = text.substr(0, kMaxShownValue) + "...";
    return text;
  }

  // Clients of older versions use older names; none has both.
  static void rename(const Type& type, Json::object_t& members) {
    for (const Field& field : type.fields) {
      if (field.older_name.empty()) continue;
      const auto older = members.find(field.older_name);
      if (older == members.end() || members.contains(field.name)) continue;
      auto node = members.extract(older);
      node.key() = std::string(field.name);
      members.insert(std::move(node));
    }
  }

  bool fill(const Field& field, Json::object_t& members, Json::object_t::iterator before, const Where& where) {
    if (field.is_required) return refuse("MissingRequiredProperty", where, "is required");
    if (field.is_filled) {
      const auto made = members.emplace_hint(before, std::string(field.name), Json::object());
      return read_object(*field.type, made->second, where);
    }
    const auto text = version_.date < field.absent_changed ? field.absent_before : field.absent;
    if (!text.empty()) members.emplace_hint(before, std::string(field.name), literal(field, text));
    return true;
  }

  bool check_choices(const Type& type, const Json::object_t& members, const Where& where) {
    for (const Choice& choice : type.choices) {
      std::string_view chosen;
      for (const auto name : choice.names) {
        if (name.empty() || !members.contains(name)) continue;
        if (!chosen.empty()) {
          return refuse("MutuallyExclusiveProperties", {&where, name}, "excludes " + std::string(chosen));
        }
        chosen = name;
      }
      if (choice.is_required && chosen.empty()) {
        std::string names;
        for (const auto name : choice.names) {
          if (!name.empty()) names.append(names.empty() ? "" : ", ").append(name);
        }
        return refuse("MissingRequiredProperty", {&where, choice.names[0]}, "one of " + names + " is required");
      }
    }
    return true;
  }

  bool check(const Type& type, Json::object_t& members, const Where& where) {
    if (type.check == nullptr) return true;
    const auto problem = type.check(members);
    return !problem || refuse(problem->code, {&where, problem->property}, problem->reason);
  }

  bool refuse_type(const Where& where, std::string_view expected) {
    return refuse("InvalidRequestBody", where, "must be " + std::string(expected));
  }
  // A value of the right type.
  bool refuse_value(const Field& field, const Where& where, std::string_view code, std::string_view reason,
                    const Json& value) {
    return refuse(field.is_constraint ? "InvalidConstraintValue" : code, where, reason,
                  field.is_secret ? nullptr : &value);
  }

  bool read_value(const Field& field, Json& json, const Where& where) {
    switch (field.kind) {
      case FieldKind::text: return read_text(field, json, where);
      case FieldKind::id: return read_id(field, json, where);
      case FieldKind::boolean: return json.is_boolean() || refuse_type(where, "true or false");
      case FieldKind::integer: return read_integer(field, json, where);
      case FieldKind::number: return json.is_number() || refuse_type(where, "a number");
      case FieldKind::time: return read_time(field, json, where);
      case FieldKind::duration: return read_duration(field, json, where);
      case FieldKind::one_of: return read_name(field, json, where);
      case FieldKind::some_of:
        return read_list(json, where, [&](Json& each, const Where& at) { return read_name(field, each, at); });
      case FieldKind::texts:
        return read_list(json, where, [&](Json& each, const Where& at) { return read_text(field, each, at); });
      case FieldKind::ids:
        return read_list(json, where, [&](Json& each, const Where& at) { return read_id(field, each, at); });
      case FieldKind::object: return read_object(*field.type, json, where);
      case FieldKind::objects:
        return read_list(json, where, [&](Json& each, const Where& at) { return read_object(*field.type, each, at); });
      case FieldKind::any_object: return json.is_object() || refuse_type(where, "an object");
      case FieldKind::any_list: return json.is_array() || refuse_type(where, "a list");
    }
    return false;
  }

  template <typename Read>
  bool read_list(Json& json, const Where& where, Read read) {
    if (!json.is_array()) return refuse_type(where, "a list");
    std::size_t index = 0;
    for (Json& each : json) {
      if (!read(each, Where{&where, {}, index++})) return false;
    }
    return true;
  }

  bool read_text(const Field& field, Json& json, const Where& where) {
    const auto* text = json.get_ptr<const std::string*>();
    if (text == nullptr) return refuse_type(where, "a string");
    if (text->find('\0') != std::string::npos) {
      return refuse_value(field, where, "InvalidPropertyValue", "must not hold a NUL character", json);
    }
    if (field.kind == FieldKind::texts) return true;
    const auto size = static_cast<std::int64_t>(text->size());
    if (size >= field.min && size <= field.max) return true;
    const auto characters = static_cast<std::int64_t>(characters_of(*text));
    if (characters >= field.min && characters <= field.max) return true;
    return refuse_value(field, where, "InvalidPropertyValue", "must have " + range_text(field, " characters"), json);
  }

  bool read_id(const Field& field, Json& json, const Where& where) {
    const auto* text = json.get_ptr<const std::string*>();
    if (text == nullptr) return refuse_type(where, "a string");
    if (is_id(*text)) return true;
    return refuse_value(field, where, "InvalidPropertyValue",
                        "must be 1 to 64 letters, digits, hyphens and underscores", json);
  }

  bool read_integer(const Field& field, Json& json, const Where& where) {
    if (const auto* text = json.get_ptr<const std::string*>()) {  // az batch writes "2", and Azure takes it
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
      if (text->empty() || error != std::errc{} || end != text->data() + text->size()) {
        return refuse_type(where, "an integer");
      }
      json = value;
    }
    if (json.is_number_float()) {  // R writes 2e+05
      const double value = json.get<double>();
      if (value != std::floor(value) || std::fabs(value) > 9e15) return refuse_type(where, "an integer");
      json = static_cast<std::int64_t>(value);
    }
    if (!json.is_number_integer()) return refuse_type(where, "an integer");
    const bool is_huge =
        json.is_number_unsigned() &&
        json.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const auto value = is_huge ? 0 : json.get<std::int64_t>();
    if (!is_huge && value >= field.min && value <= field.max) return true;
    return refuse_value(field, where, "OutOfRangeInput", "must be " + range_text(field, ""), json);
  }

  bool read_time(const Field& field, Json& json, const Where& where) {
    const auto* text = json.get_ptr<const std::string*>();
    if (text == nullptr) return refuse_type(where, "a string: a time, as 2026-11-29T12:00:00Z");
    if (const auto time = parse_time(*text); !time.ok()) {
      return refuse_value(field, where, "InvalidPropertyValue", "must be a time, as 2026-11-29T12:00:00Z", json);
    }
    return true;
  }

  bool read_duration(const Field& field, Json& json, const Where& where) {
    const auto* text = json.get_ptr<const std::string*>();
    if (text == nullptr) return refuse_type(where, "a string: a duration, as PT5M");
    const auto duration = parse_duration(*text);
    if (!duration.ok()) {
      return refuse_value(field, where, "InvalidPropertyValue", "must be a duration, as PT5M or P7D", json);
    }
    constexpr auto kNoEnd = std::numeric_limits<std::int64_t>::max();
    const bool is_endless = duration.value() == kForever;
    const auto micros = duration.value().count();
    const bool is_above = field.max != kNoEnd && (is_endless || micros > field.max * 1'000'000);
    if (!is_above && micros >= field.min * 1'000'000) return true;
    const std::string least = format_duration(std::chrono::seconds(field.min));
    return refuse_value(field, where, "OutOfRangeInput",
                        field.max == kNoEnd
                            ? "must be at least " + least
                            : "must be " + least + " to " + format_duration(std::chrono::seconds(field.max)),
                        json);
  }

  bool read_name(const Field& field, Json& json, const Where& where) {
    const auto* text = json.get_ptr<const std::string*>();
    if (text == nullptr) return refuse_type(where, "a string");
    for (const auto name : field.names) {
      if (!equals_without_case(*text, name)) continue;
      if (*text != name) json = name;
      return true;
    }
    return refuse_value(field, where, "InvalidPropertyValue", "must be one of " + names_text(field.names), json);
  }

  ApiVersion version_;
  std::optional<Error> error_;
};

bool may_be_empty(Body kind) {
  switch (kind) {
    case Body::pool_enable_autoscale:
    case Body::node_reboot:
    case Body::node_reimage:
    case Body::node_disable_scheduling:
    case Body::job_terminate: return true;
    default: return false;
  }
}

Result<Json> parse(std::string_view body) {
  auto json = parse_json(body);
  if (json.ok()) return json;
  const bool is_large = json.error().code == Code::too_large;
  return batch_error(is_large && body.size() > JsonLimits{}.bytes ? "RequestBodyTooLarge" : "InvalidRequestBody",
                     json.error().message, {{"Reason", json.error().message}});
}

// The entries of an addtaskcollection, unread.
Result<Json> parse_collection(std::string_view body, Reader& reader) {
  SCORIA_TRY(json, parse(body));
  const auto refuse = [&](std::string_view code, std::string_view reason) {
    (void)reader.refuse(code, Where{nullptr, "value"}, reason);
    return reader.error();
  };
  if (!json.is_object()) {
    (void)reader.refuse("InvalidRequestBody", {}, "must be an object");
    return reader.error();
  }
  const auto value = json.find("value");
  if (value == json.end() || value->is_null()) return refuse("MissingRequiredProperty", "is required");
  if (!value->is_array()) return refuse("InvalidRequestBody", "must be a list of tasks");
  if (value->size() > kMaxTasks) {
    return refuse("InvalidPropertyValue",
                  "has " + std::to_string(value->size()) + " tasks, must have at most " + std::to_string(kMaxTasks));
  }
  return std::move(*value);
}

}  // namespace

Result<Json> read_body(Body kind, ApiVersion version, std::string_view body) {
  Reader reader(version);
  if (kind == Body::task_collection) {
    SCORIA_TRY(tasks, parse_collection(body, reader));
    const Where list{nullptr, "value"};
    std::size_t index = 0;
    for (Json& task : tasks) {
      if (!reader.read_object(kTaskAdd, task, Where{&list, {}, index++})) return reader.error();
    }
    Json collection = Json::object();
    collection["value"] = std::move(tasks);
    return collection;
  }
  const bool is_blank = body.find_first_not_of(" \t\r\n") == std::string_view::npos;
  auto json = is_blank && may_be_empty(kind) ? Result<Json>(Json::object()) : parse(body);
  if (!json.ok()) return json;
  if (!reader.read_object(body_type(kind), json.value(), {})) return reader.error();
  return json;
}

Result<std::vector<NewTaskBody>> read_task_collection(ApiVersion version, std::string_view body) {
  Reader reader(version);
  SCORIA_TRY(tasks, parse_collection(body, reader));
  std::vector<NewTaskBody> out;
  out.reserve(tasks.size());
  for (Json& task : tasks) {
    std::string id;
    if (task.is_object()) {
      if (const auto found = task.find("id"); found != task.end() && found->is_string()) {
        id = found->get<std::string>();
        if (id.size() > kMaxShownValue) id.resize(kMaxShownValue);
      }
    }
    const bool is_good = reader.read_object(kTaskAdd, task, {});
    out.push_back({std::move(id), is_good ? Result<Json>(std::move(task)) : Result<Json>(reader.error())});
  }
  return out;
}

}  // namespace scoria::spec
