// Reading a YAML document strictly: every error names the file, line and column, every key must be known.
// Threads: one reader at a time. Borrows: the places, which it tells where each value stands.
#pragma once

#include <yaml-cpp/yaml.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expr/ast.h"
#include "plan/named_list.h"
#include "plan/places.h"
#include "plan/template.h"

namespace scoria::plan {

// The one document of a text. Errors: invalid, where there is none or something follows it. Throws YAML::Exception.
Result<YAML::Node> load_document(const std::string& text, const std::string& name);

// A node with the path to it: "features.mutate.lag1"; items of a list count from 1: "models.2.file".
class YamlPlace {
 public:
  YamlPlace(Places& places, const YAML::Node& node, std::string path);

  const std::string& path() const { return path_; }
  // "plan 'p.yaml', line 3, column 5: features.from: ..."
  Error error(const std::string& what) const;
  // The same, at the key of this value.
  Error key_error(const std::string& what) const;

  bool has(std::string_view key) const;
  bool is_list() const { return node_.IsSequence(); }
  bool is_mapping() const { return node_.IsMap(); }
  // Errors: invalid, when this is not a mapping or the key is absent.
  Result<YamlPlace> required(std::string_view key) const;
  YamlPlace at(std::string_view key) const;  // precondition: has(key)
  // Errors: invalid, naming the first key that is none of them.
  Status only(std::initializer_list<std::string_view> keys) const;
  // Keys in the order written. Errors: invalid, for a repeated key or when this is not a mapping.
  Result<NamedList<YamlPlace>> entries() const;
  // Errors: invalid, when this is not a list.
  Result<std::vector<YamlPlace>> items() const;

  Result<std::string> text() const;
  Result<std::vector<std::string>> texts() const;  // one, or a list
  Result<bool> flag() const;
  Result<expr::Expression> expression() const;
  Result<NamedList<expr::Expression>> expressions() const;  // of a mapping
  Result<Template> text_template() const;
  // A list of values, or an expression that gives several: [5, 25], "1:13".
  Result<table::ColumnPtr> values() const;

 private:
  Places* places_;
  YAML::Node node_;
  std::string path_;
};

}  // namespace scoria::plan
