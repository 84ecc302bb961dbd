// Reading a YAML document strictly: every error names the file, line and column, every key must be known.
// Threads: one reader at a time. Borrows: nothing.
#pragma once

#include <yaml-cpp/yaml.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expr/ast.h"
#include "plan/plan.h"

namespace scoria::plan {

// Where in which document: a node with the path to it ("features.mutate.lag1").
class YamlPlace {
 public:
  YamlPlace(const std::string& document, YAML::Node node, std::string path)
      : document_(&document), node_(std::move(node)), path_(std::move(path)) {}

  // "plan 'p.yaml', line 3, column 5: features.from: ..."
  Error error(const std::string& what) const;

  bool has(std::string_view key) const;
  // Errors: invalid, when this is not a mapping or the key is absent.
  Result<YamlPlace> required(std::string_view key) const;
  YamlPlace at(std::string_view key) const;  // precondition: has(key)
  // Errors: invalid, naming the first key that is none of them.
  Status only(std::initializer_list<std::string_view> keys) const;
  // Keys in the order written. Errors: invalid, for a repeated key or when this is not a mapping.
  Result<NamedList<YamlPlace>> entries() const;

  Result<std::string> text() const;
  Result<std::vector<std::string>> texts() const;  // one, or a list
  Result<bool> flag() const;
  Result<expr::Expression> expression() const;
  Result<Template> text_template() const;
  // A list of values, or an expression that gives several: [5, 25], "1:13".
  Result<table::ColumnPtr> values() const;

 private:
  const std::string* document_;  // "plan 'p.yaml'"
  YAML::Node node_;
  std::string path_;
};

}  // namespace scoria::plan
