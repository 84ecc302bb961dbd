#include "spec/odata_paths.h"

#include "spec/errors.h"

namespace scoria::spec {
namespace {

// By its name of today or of an older version.
const Field* find_by_any_name(const EntityType& type, std::string_view name) {
  if (const Field* field = find_field(type, name)) return field;
  for (const Type* part : {type.submitted, type.added}) {
    for (const Field& field : part->fields) {
      if (!field.older_name.empty() && field.older_name == name) return &field;
    }
  }
  return nullptr;
}

}  // namespace

Result<PropertyPath> resolve_path(Entity entity, std::string_view text) {
  PropertyPath path;
  EntityType type = entity_type(entity);
  bool is_checked = true;
  for (std::string_view rest = text;;) {
    const auto slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash);
    path.as_given.emplace_back(name);
    if (is_checked) {
      const Field* field = find_by_any_name(type, name);
      if (field == nullptr || field->is_secret) {
        return Error{Code::invalid, "there is no property '" + std::string(text) + "'"};
      }
      path.field = field;
      path.names.emplace_back(field->name);
      type = {field->type != nullptr ? field->type : &kNothing, &kNothing};
      is_checked = field->kind != FieldKind::any_object;
    } else {
      path.field = nullptr;
      path.names.emplace_back(name);
    }
    if (slash == std::string_view::npos) return path;
    rest.remove_prefix(slash + 1);
  }
}

Error query_error(std::string_view parameter, std::string_view value, std::string reason) {
  std::string message = std::string(parameter) + ": " + reason;
  return batch_error("InvalidQueryParameterValue", std::move(message),
                     {{"QueryParameterName", std::string(parameter)},
                      {"QueryParameterValue", std::string(value.substr(0, 256))},
                      {"Reason", std::move(reason)}});
}

}  // namespace scoria::spec
