#include "serve/find_features.h"

#include <simdjson.h>

#include <unordered_map>

#include "table/csv.h"

namespace scoria::serve {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

class Finder {
 public:
  Finder(const Envelope& envelope, const JsonLimits& limits) : envelope_(envelope), limits_(limits) {}

  void look(const element& document) {
    simdjson::dom::object object;
    if (document.get(object) != simdjson::SUCCESS) return rows(document);
    for (const auto& member : envelope_.members) {
      element found;
      if (object[member.name].get(found) != simdjson::SUCCESS) continue;
      if (found.type() != element_type::ARRAY && found.type() != element_type::OBJECT) continue;
      if (member.rows == Envelope::Rows::split) return split(found);
      return rows(found);
    }
    if (envelope_.may_be_bare) record(object);
  }

  bool has_too_many() const { return columns_.size() > limits_.keys; }

  model::Description take() {
    model::Description seen;
    for (const auto& column : columns_) {
      const bool is_text = column.has_text;
      const auto kind = is_text                                    ? model::FeatureKind::factor
                        : column.has_boolean && !column.has_number ? model::FeatureKind::logical
                                                                   : model::FeatureKind::number;
      seen.features.push_back({.name = column.name, .kind = kind, .levels = {}});
    }
    return seen;
  }

 private:
  struct Column {
    std::string name;
    bool has_text = false, has_number = false, has_boolean = false;
  };

  Column& column(std::string_view name) {
    const auto [found, is_new] = by_name_.try_emplace(std::string(name), columns_.size());
    if (is_new) columns_.push_back({.name = std::string(name)});
    return columns_[found->second];
  }

  static bool is_number_word(std::string_view text) {
    return text.empty() || text == "NA" || text == "NaN" || text == "Inf" || text == "-Inf" || text == "Infinity" ||
           text == "-Infinity";
  }

  static void value(Column& column, const element& cell) {
    switch (cell.type()) {
      case element_type::STRING: column.has_text = column.has_text || !is_number_word(cell.get_string().value()); break;
      case element_type::BOOL: column.has_boolean = true; break;
      case element_type::NULL_VALUE: break;
      default: column.has_number = true;
    }
  }

  void member(std::string_view name, const element& cell) {
    if (has_too_many()) return;
    Column& into = column(name);
    simdjson::dom::array list;
    if (cell.get(list) != simdjson::SUCCESS) return value(into, cell);
    for (const element one : list) value(into, one);
  }

  void record(const simdjson::dom::object& object) {
    for (const auto& [name, cell] : object) member(name, cell);
  }

  void positions(const simdjson::dom::array& array, const std::vector<std::string_view>& names) {
    std::size_t at = 0;
    for (const element cell : array) {
      if (has_too_many()) return;
      value(at < names.size() ? column(names[at]) : column("x" + std::to_string(at)), cell);
      ++at;
    }
  }

  void rows(const element& found) {
    simdjson::dom::object object;
    if (found.get(object) == simdjson::SUCCESS) return record(object);
    simdjson::dom::array array;
    if (found.get(array) != simdjson::SUCCESS) return;
    for (const element row : array) {
      simdjson::dom::array cells;
      if (row.get(object) == simdjson::SUCCESS) {
        record(object);
      } else if (row.get(cells) == simdjson::SUCCESS) {
        positions(cells, {});
      }
    }
  }

  void split(const element& found) {
    std::vector<std::string_view> names;
    simdjson::dom::array list;
    std::string_view name;
    if (found["columns"].get(list) == simdjson::SUCCESS) {
      for (const element one : list) {
        if (one.get(name) == simdjson::SUCCESS) names.push_back(name);
      }
    }
    if (found["data"].get(list) != simdjson::SUCCESS) return;
    for (const element row : list) {
      simdjson::dom::array cells;
      if (row.get(cells) == simdjson::SUCCESS) positions(cells, names);
    }
  }

  const Envelope& envelope_;
  const JsonLimits& limits_;
  std::vector<Column> columns_;
  std::unordered_map<std::string, std::size_t> by_name_;
};

bool too_many(const JsonLimits& limits, Problem& problem) {
  problem = one_mistake(413, "too_many_columns", "there are more than " + std::to_string(limits.keys) + " columns");
  return false;
}

bool find_in_csv(const std::string& body, const JsonLimits& limits, model::Description& seen, Problem& problem) {
  table::CsvOptions options;
  options.max_record_bytes = limits.text;
  options.max_columns = limits.keys;
  options.source_name = "body";
  const auto table = table::read_csv(body, options);
  if (!table.ok()) {
    problem = one_mistake(400, "bad_csv", table.error().message);
    return false;
  }
  seen.features = describe_columns(table.value()).features;
  return true;
}

model::FeatureKind kind_of(table::Type type) {
  switch (type) {
    case table::Type::logical: return model::FeatureKind::logical;
    case table::Type::integer:
    case table::Type::real: return model::FeatureKind::number;
    default: return model::FeatureKind::factor;
  }
}

}  // namespace

model::Description describe_columns(const table::Table& table) {
  model::Description description;
  for (std::size_t i = 0; i < table.columns(); ++i) {
    model::Feature feature{.name = table.names()[i], .kind = kind_of(table.column(i)->type())};
    if (table.column(i)->type() == table::Type::factor) feature.levels = table.column(i)->levels();
    description.features.push_back(std::move(feature));
  }
  return description;
}

bool find_features(const std::string& body, bool is_csv, bool is_lines, const Envelope& envelope,
                   const JsonLimits& limits, model::Description& seen, Problem& problem) {
  if (is_csv) return find_in_csv(body, limits, seen, problem);
  Finder finder(envelope, limits);
  try {
    simdjson::dom::parser parser;
    if (parser.allocate(body.size() + 64, limits.depth) != simdjson::SUCCESS) return too_many(limits, problem);
    element document;
    if (is_lines) {
      const simdjson::padded_string padded(body);
      simdjson::dom::document_stream lines;
      if (const auto error = parser.parse_many(padded).get(lines); error != simdjson::SUCCESS)
        throw simdjson::simdjson_error(error);
      const Envelope bare{.members = {}, .may_be_bare = true};
      Finder by_line(bare, limits);
      for (auto line : lines) by_line.look(line.value());
      if (by_line.has_too_many()) return too_many(limits, problem);
      seen = by_line.take();
      return true;
    }
    if (const auto error = parser.parse(body).get(document); error != simdjson::SUCCESS)
      throw simdjson::simdjson_error(error);
    finder.look(document);
  } catch (const simdjson::simdjson_error& error) {
    problem = error.error() == simdjson::EMPTY
                  ? one_mistake(400, "bad_request", "the body is empty")
                  : one_mistake(400, "bad_json", std::string("the body is not JSON as it should be: ") + error.what());
    return false;
  }
  if (finder.has_too_many()) return too_many(limits, problem);
  seen = finder.take();
  return true;
}

}  // namespace scoria::serve
