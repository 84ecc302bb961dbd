#include "plan/yaml.h"

#include <algorithm>
#include <charconv>

#include "expr/frame.h"
#include "expr/parse.h"

namespace scoria::plan {
namespace {

std::string joined(std::initializer_list<std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

// A list's values as one column: whole numbers, numbers, or text.
table::ColumnPtr column_of(const std::vector<std::string>& texts) {
  std::vector<std::int32_t> integers;
  std::vector<double> reals;
  for (const std::string& text : texts) {
    std::int32_t integer = 0;
    double real = 0;
    const char* end = text.data() + text.size();
    if (const auto parsed = std::from_chars(text.data(), end, integer); parsed.ec == std::errc{} && parsed.ptr == end) {
      integers.push_back(integer);
    }
    if (const auto parsed = std::from_chars(text.data(), end, real); parsed.ec == std::errc{} && parsed.ptr == end) {
      reals.push_back(real);
    }
  }
  if (integers.size() == texts.size()) return table::Column::integer(std::move(integers));
  if (reals.size() == texts.size()) return table::Column::real(std::move(reals));
  return table::Column::text(texts);
}

}  // namespace

Error YamlPlace::error(const std::string& what) const {
  std::string where = *document_;
  if (const YAML::Mark mark = node_.Mark(); !mark.is_null()) {
    where += ", line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1);
  }
  return Error{Code::invalid, where + ": " + (path_.empty() ? "" : path_ + ": ") + what};
}

bool YamlPlace::has(std::string_view key) const { return node_.IsMap() && node_[std::string(key)].IsDefined(); }

YamlPlace YamlPlace::at(std::string_view key) const {
  return YamlPlace(*document_, node_[std::string(key)], (path_.empty() ? "" : path_ + ".") + std::string(key));
}

Result<YamlPlace> YamlPlace::required(std::string_view key) const {
  if (!has(key)) return error("needs '" + std::string(key) + "'");
  return at(key);
}

Status YamlPlace::only(std::initializer_list<std::string_view> keys) const {
  SCORIA_TRY(all, entries());
  for (const auto& [key, place] : all) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      return place.error("unknown key '" + key + "'; known here: " + joined(keys));
    }
  }
  return Ok{};
}

Result<NamedList<YamlPlace>> YamlPlace::entries() const {
  if (!node_.IsMap()) return error("must be a mapping (key: value)");
  NamedList<YamlPlace> result;
  for (const auto& entry : node_) {
    const std::string key = entry.first.as<std::string>("");
    for (const auto& [earlier, place] : result) {
      if (earlier == key) return place.error("key '" + key + "' is given twice");
    }
    result.emplace_back(key, YamlPlace(*document_, entry.second, (path_.empty() ? "" : path_ + ".") + key));
  }
  return result;
}

Result<std::string> YamlPlace::text() const {
  if (!node_.IsScalar()) return error("must be a text");
  return node_.Scalar();
}

Result<std::vector<std::string>> YamlPlace::texts() const {
  std::vector<std::string> result;
  if (node_.IsScalar()) return std::vector<std::string>{node_.Scalar()};
  if (!node_.IsSequence()) return error("must be a text or a list of texts");
  for (const YAML::Node& item : node_) {
    if (!item.IsScalar()) return error("must be a list of texts");
    result.push_back(item.Scalar());
  }
  return result;
}

Result<bool> YamlPlace::flag() const {
  bool value = false;
  if (!node_.IsScalar() || !YAML::convert<bool>::decode(node_, value)) return error("must be true or false");
  return value;
}

Result<expr::Expression> YamlPlace::expression() const {
  SCORIA_TRY(source, text());
  auto parsed = expr::parse(source);
  if (!parsed.ok()) return error(parsed.error().message);
  return parsed;
}

Result<Template> YamlPlace::text_template() const {
  SCORIA_TRY(source, text());
  auto parsed = Template::parse(source);
  if (!parsed.ok()) return error(parsed.error().message);
  return parsed;
}

Result<table::ColumnPtr> YamlPlace::values() const {
  if (node_.IsSequence()) {
    SCORIA_TRY(items, texts());
    if (items.empty()) return error("must have at least one value");
    return column_of(items);
  }
  SCORIA_TRY(parsed, expression());
  auto evaluated = expr::evaluate_vector(parsed, {}, {});
  if (!evaluated.ok()) return error(evaluated.error().message);
  if (evaluated.value()->size() == 0) return error("must give at least one value");
  return evaluated;
}

}  // namespace scoria::plan
