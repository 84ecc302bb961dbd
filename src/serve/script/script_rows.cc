#include "serve/script/script_rows.h"

#include <simdjson.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/file.h"
#include "serve/json_rows.h"
#include "table/csv.h"
#include "table/json_lines.h"

namespace scoria::serve::script {
namespace {

constexpr std::size_t kMostSample = 10'000;

model::FeatureKind kind_of(table::Type type) {
  switch (type) {
    case table::Type::logical: return model::FeatureKind::logical;
    case table::Type::integer:
    case table::Type::real: return model::FeatureKind::number;
    default: return model::FeatureKind::factor;
  }
}

// As requests bring them: numbers are doubles.
table::Table with_doubles(const table::Table& table) {
  table::Table made(table.rows());
  for (std::size_t i = 0; i < table.columns(); ++i) {
    const auto& column = table.column(i);
    if (column->type() != table::Type::integer) {
      made.add(table.names()[i], column);
      continue;
    }
    const auto from = column->integers();
    made.add(table.names()[i], table::Column::real({from.begin(), from.end()}, column->validity()));
  }
  return made;
}

Result<std::string> as_lines(std::string_view text, const std::string& path) {
  const auto document = nlohmann::ordered_json::parse(text, nullptr, false);
  const auto* rows = &document;
  if (document.is_object() && document.size() == 1 && document.begin()->is_array()) rows = &*document.begin();
  if (!rows->is_array()) return Error{Code::invalid, "'" + path + "' is no JSON array of records"};
  std::string lines;
  for (const auto& row : *rows) lines += row.dump() + "\n";
  return lines;
}

template <typename Reader>
Result<table::Table> first_rows(Result<Reader> reader, const std::string& path) {
  if (!reader.ok()) return with_context("'" + path + "'", std::move(reader).error());
  SCORIA_TRY(batch, reader.value().next(kMostSample));
  if (!batch || batch->rows() == 0) return Error{Code::invalid, "'" + path + "' has no row"};
  return with_doubles(*batch);
}

// Kinds of a name's values, joined.
struct Seen {
  bool number = false, boolean = false, text = false;
};

class Walk {
 public:
  // Rows within a body: an array of records, a record, columns, or one of these in an envelope.
  void rows(simdjson::dom::element element, bool may_be_envelope) {
    if (element.is_array()) {
      for (const auto row : simdjson::dom::array(element)) {
        if (row.is_object()) record(simdjson::dom::object(row));
      }
      return;
    }
    if (!element.is_object()) return;
    const simdjson::dom::object object(element);
    if (may_be_envelope) {
      for (const char* name :
           {"df", "data", "newdata", "rows", "instances", "inputs", "dataframe_records", "inputData"}) {
        simdjson::dom::element inner;
        if (object.at_key(name).get(inner) == simdjson::SUCCESS && (inner.is_array() || inner.is_object()))
          return rows(inner, false);
      }
    }
    record(object);
  }

  std::vector<model::Feature> features() const {
    std::vector<model::Feature> made;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const Seen& seen = seen_[i];
      const auto kind = seen.text                      ? model::FeatureKind::factor
                        : seen.boolean && !seen.number ? model::FeatureKind::logical
                                                       : model::FeatureKind::number;
      made.push_back({.name = std::string(names_[i]), .kind = kind});
    }
    return made;
  }
  bool has_too_many() const { return names_.size() > JsonLimits{}.keys; }

 private:
  void record(simdjson::dom::object object) {
    for (const auto field : object) {
      if (has_too_many()) return;
      const auto [at, is_new] = positions_.try_emplace(field.key, names_.size());
      if (is_new) {
        names_.push_back(field.key);
        seen_.emplace_back();
      }
      if (field.value.is_array()) {
        for (const auto value : simdjson::dom::array(field.value)) note(seen_[at->second], value);
      } else {
        note(seen_[at->second], field.value);
      }
    }
  }

  static void note(Seen& seen, simdjson::dom::element value) {
    seen.number = seen.number || value.is_number();
    seen.boolean = seen.boolean || value.is_bool();
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) return;
    const bool is_number_word = text == "NA" || text == "NaN" || text == "Inf" || text == "-Inf" || text.empty();
    seen.text = seen.text || !is_number_word;
  }

  std::unordered_map<std::string_view, std::size_t> positions_;
  std::vector<std::string_view> names_;
  std::vector<Seen> seen_;
};

}  // namespace

Result<table::Table> read_sample(const std::string& path) {
  SCORIA_TRY(file, FileBytes::open(path));
  const std::string_view text = file.text();
  const auto first = text.find_first_not_of(" \r\n\t");
  const bool is_lines = path.ends_with(".jsonl") || path.ends_with(".ndjson");
  table::CsvOptions options;
  options.source_name = "sample '" + path + "'";
  if (!is_lines && (first == std::string_view::npos || (text[first] != '[' && text[first] != '{')))
    return first_rows(table::CsvReader::open(memory_source(file.bytes()), options), path);
  std::string lines(text);
  if (!is_lines) {
    SCORIA_TRY(made, as_lines(text, path));
    lines = std::move(made);
  }
  return first_rows(table::JsonLinesReader::open(memory_source(std::as_bytes(std::span(lines))), options), path);
}

model::Description describe_columns(const table::Table& table) {
  model::Description description;
  for (std::size_t i = 0; i < table.columns(); ++i) {
    model::Feature feature{.name = table.names()[i], .kind = kind_of(table.column(i)->type())};
    if (table.column(i)->type() == table::Type::factor) feature.levels = table.column(i)->levels();
    description.features.push_back(std::move(feature));
  }
  return description;
}

bool describe_json(std::string& body, model::Description& description, Problem& problem) {
  thread_local simdjson::dom::parser parser;
  const JsonLimits limits;
  if (const auto error = parser.allocate(std::max<std::size_t>(body.size(), 64u << 10), limits.depth)) {
    problem = one_mistake(413, "too_large", std::string("the body cannot be read: ") + simdjson::error_message(error));
    return false;
  }
  body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  simdjson::dom::element root;
  if (const auto error = parser.parse(body.data(), body.size(), false).get(root)) {
    problem = one_mistake(400, "bad_json", std::string("the body is not JSON: ") + simdjson::error_message(error));
    return false;
  }
  Walk walk;
  walk.rows(root, true);
  if (walk.has_too_many()) {
    problem = one_mistake(413, "too_many_columns", "rows have more than " + std::to_string(limits.keys) + " names");
    return false;
  }
  description.features = walk.features();
  return true;
}

}  // namespace scoria::serve::script
