#include "plan/yaml.h"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

#include "expr/frame.h"
#include "expr/message.h"
#include "expr/parse.h"

namespace scoria::plan {
namespace {

std::string below(const std::string& path, std::string_view key) {
  return (path.empty() ? "" : path + ".") + std::string(key);
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

// Takes a document's events and makes nothing of them.
class Ignored final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

}  // namespace

// Not by YAML::LoadAll: after a stray comma it finds empty documents without end (yaml-cpp 0.7).
Result<YAML::Node> load_document(const std::string& text, const std::string& name) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Ignored ignored;
  if (!parser.HandleNextDocument(ignored)) return Error{Code::invalid, name + ": is empty"};
  if (parser.HandleNextDocument(ignored)) return Error{Code::invalid, name + ": holds more than one document"};
  return YAML::Load(text);
}

YamlPlace::YamlPlace(Places& places, const YAML::Node& node, std::string path)
    : places_(&places), node_(node), path_(std::move(path)) {
  const YAML::Mark mark = node_.Mark();
  // Where there is no value the mark is that of what comes next; the key's will do.
  if (!mark.is_null() && !node_.IsNull())
    places_->note(path_, mark.line, mark.column, node_.IsScalar() ? node_.Scalar() : "");
}

Error YamlPlace::error(const std::string& what) const { return places_->at(path_, Error{Code::invalid, what}); }

Error YamlPlace::key_error(const std::string& what) const { return places_->at_key(path_, Error{Code::invalid, what}); }

bool YamlPlace::has(std::string_view key) const { return node_.IsMap() && node_[std::string(key)].IsDefined(); }

YamlPlace YamlPlace::at(std::string_view key) const {
  return YamlPlace(*places_, node_[std::string(key)], below(path_, key));
}

Result<YamlPlace> YamlPlace::required(std::string_view key) const {
  if (!node_.IsMap()) return error("must be a mapping (key: value)");
  if (!has(key)) return error("needs '" + std::string(key) + "'");
  return at(key);
}

Status YamlPlace::only(std::initializer_list<std::string_view> keys) const {
  SCORIA_TRY(all, entries());
  for (const auto& [key, place] : all) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      return place.key_error("unknown key '" + key + "'; " + expr::suggestion(key, {keys.begin(), keys.end()}));
    }
  }
  return Ok{};
}

Result<NamedList<YamlPlace>> YamlPlace::entries() const {
  if (!node_.IsMap()) return error("must be a mapping (key: value)");
  NamedList<YamlPlace> result;
  std::set<std::string> keys;
  for (const auto& entry : node_) {
    const YAML::Mark mark = entry.first.Mark();
    if (!entry.first.IsScalar()) {
      places_->note_key(below(path_, "?"), mark.line, mark.column);
      return places_->at_key(below(path_, "?"), Error{Code::invalid, "a key must be a text"});
    }
    const std::string key = entry.first.Scalar();
    const std::string path = below(path_, key);
    const bool is_new = keys.insert(key).second;
    places_->note_key(path, mark.line, mark.column);
    result.emplace_back(key, YamlPlace(*places_, entry.second, path));
    if (!is_new) return result.back().second.key_error("key '" + key + "' is given twice");
  }
  return result;
}

Result<std::vector<YamlPlace>> YamlPlace::items() const {
  if (!node_.IsSequence()) return error("must be a list");
  std::vector<YamlPlace> result;
  for (const YAML::Node& item : node_) {
    result.emplace_back(*places_, item, below(path_, std::to_string(result.size() + 1)));
  }
  return result;
}

Result<std::string> YamlPlace::text() const {
  if (!node_.IsScalar()) return error("must be a text");
  return node_.Scalar();
}

Result<std::vector<std::string>> YamlPlace::texts() const {
  if (node_.IsScalar()) return std::vector<std::string>{node_.Scalar()};
  if (!node_.IsSequence()) return error("must be a text or a list of texts");
  SCORIA_TRY(places, items());
  std::vector<std::string> result;
  for (const YamlPlace& item : places) {
    SCORIA_TRY(one, item.text());
    result.push_back(std::move(one));
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

Result<NamedList<expr::Expression>> YamlPlace::expressions() const {
  NamedList<expr::Expression> result;
  SCORIA_TRY(all, entries());
  for (const auto& [name, entry] : all) {
    SCORIA_TRY(parsed, entry.expression());
    result.emplace_back(name, parsed);
  }
  return result;
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
