#include <algorithm>

#include "expr/message.h"
#include "plan/read_parts.h"
#include "table/number_text.h"

namespace scoria::plan {
namespace {

constexpr std::string_view kKnown[] = {"file",        "column",  "type",     "parameters",  "then",
                                       "sort_across", "missing", "features", "warn_flagged"};

Status read_missing(const YamlPlace& place, Models& models) {
  SCORIA_TRY(word, place.text());
  if (word == "error") return Ok{};
  if (word == "skip") {
    models.missing = Models::Missing::skip;
    return Ok{};
  }
  SCORIA_TRY(other, place.text_template());
  if (word.find('.') == std::string::npos && word.find('/') == std::string::npos) {
    return place.error("must be error, skip, or the file of the model to use instead");
  }
  models.missing = Models::Missing::other;
  models.other = std::move(other);
  return Ok{};
}

Status read_warn_flagged(const YamlPlace& place, Models& models) {
  SCORIA_TRY(word, place.text());
  const auto share = table::parse_real(word);
  if (!share || !(*share >= 0 && *share <= 1)) {
    return place.error("must be a share of a model's rows from 0 to 1, such as 0.5; 1 never warns");
  }
  models.warn_flagged = *share;
  return Ok{};
}

Status read_entry(const std::string& name, const YamlPlace& entry, Models& models) {
  if (name == "type") {
    SCORIA_TRY(types, entry.texts());
    if (types.empty()) return entry.error("needs at least one type");
    models.types = std::move(types);
  } else if (name == "parameters") {
    SCORIA_TRY(parameters, entry.entries());
    for (const auto& [parameter, value] : parameters) {
      SCORIA_TRY(text, value.text());
      models.parameters.emplace_back(parameter, text);
    }
  } else if (name == "then") {
    SCORIA_TRY(then, entry.expression());
    models.then = then;
  } else if (name == "sort_across") {
    SCORIA_TRY(flag, entry.flag());
    models.sort_across = flag;
  } else if (name == "features") {
    SCORIA_TRY(names, entry.texts());
    if (names.empty()) return entry.error("needs at least one column");
    models.features = std::move(names);
  } else if (name == "warn_flagged") {
    SCORIA_TRY_STATUS(read_warn_flagged(entry, models));
  } else if (name == "missing") {
    SCORIA_TRY_STATUS(read_missing(entry, models));
  } else if (models.file.names().contains(name) || models.column.names().contains(name)) {
    if (name == "label") return entry.key_error("'label' is what the model calls a column, no variable");
    SCORIA_TRY(values, entry.values());
    models.variables.emplace_back(name, values);
  } else {
    const std::string hint = expr::suggestion(name, {std::begin(kKnown), std::end(kKnown)});
    return entry.key_error("unknown key '" + name + "'; " + hint + " (and variables that file or column name)");
  }
  return Ok{};
}

// Names that a template reads must be known now; those of `file` may be columns instead, which make groups.
Status check_names(const YamlPlace& place, Models& models, std::set<std::string> known) {
  for (const auto& [name, values] : models.variables) {
    if (known.contains(name))
      return place.at(name).key_error("'" + name + "' is the partition's or a pass's variable already");
    known.insert(name);
  }
  for (const std::string& name : models.file.names()) {
    if (!known.contains(name)) models.groups.push_back(name);
  }
  if (models.missing == Models::Missing::other) {
    for (const std::string& name : models.other.names()) {
      if (!known.contains(name))
        return place.at("missing").error("{" + name + "}: " + expr::suggestion(name, {known.begin(), known.end()}));
    }
  }
  known.insert({"type", "label"});
  for (const std::string& name : models.column.names()) {
    if (!known.contains(name)) {
      return place.at("column").error("{" + name + "} has no value here; " +
                                      expr::suggestion(name, {known.begin(), known.end()}));
    }
  }
  if (models.types.size() > 1 && !models.column.names().contains("type")) {
    return place.at("column").error("must hold {type}, or the columns of several types would have one name");
  }
  return Ok{};
}

Result<Models> read_one(const YamlPlace& place, const std::set<std::string>& known) {
  Models models;
  models.path = place.path();
  SCORIA_TRY(file_place, place.required("file"));
  SCORIA_TRY(file, file_place.text_template());
  SCORIA_TRY(column_place, place.required("column"));
  SCORIA_TRY(column, column_place.text_template());
  models.file = std::move(file);
  models.column = std::move(column);
  SCORIA_TRY(entries, place.entries());
  for (const auto& [name, entry] : entries) {
    if (name != "file" && name != "column") SCORIA_TRY_STATUS(read_entry(name, entry, models));
  }
  SCORIA_TRY_STATUS(check_names(place, models, known));
  // Of many models some may have stopped fitting their data without anybody looking at each.
  if (!models.groups.empty() && !models.warn_flagged) models.warn_flagged = 0.5;
  return models;
}

}  // namespace

Result<std::vector<Models>> read_models(const YamlPlace& place, const std::set<std::string>& known) {
  std::vector<Models> all;
  if (!place.is_list()) {
    SCORIA_TRY(one, read_one(place, known));
    all.push_back(std::move(one));
    return all;
  }
  SCORIA_TRY(items, place.items());
  for (const YamlPlace& item : items) {
    SCORIA_TRY(one, read_one(item, known));
    all.push_back(std::move(one));
  }
  if (all.empty()) return place.error("needs at least one entry");
  return all;
}

}  // namespace scoria::plan
