// Text with expressions in braces: "models/gbm_t{min(step, 7)}_q{quantile}.rds".
// Threads: immutable.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expr/ast.h"
#include "expr/frame.h"

namespace scoria::plan {

class Template {
 public:
  Template() = default;
  // "{{" and "}}" stand for single braces. Errors: invalid, naming the place: an open brace, an expression that does not parse.
  static Result<Template> parse(std::string_view text);

  const std::string& text() const { return text_; }
  // Names that the expressions read.
  const std::set<std::string>& names() const { return names_; }
  // The same in the order in which the text first has them.
  std::vector<std::string> names_in_order() const;
  // Values are written as R's as.character writes them. Errors: invalid, for a missing value or an unknown name.
  Result<std::string> fill(const expr::Constants& constants) const;
  // The same for a path in which some names stand for data: what an expression that reads one of them gives must be a plain part
  // of a file name. Errors: denied, where it is empty, "." or "..", or holds a slash, a backslash or a control character. In a
  // template that is a URI ("https://host/model_{id}?sig=1") it is percent-encoded (RFC 3986, section 2.1).
  Result<std::string> fill_path(const expr::Constants& constants, const std::set<std::string>& data) const;

  // The value that `variable` must have for the text to be `filled`; nullopt where it cannot be. Used to find the partitions
  // among file names. Precondition: the only expressions are the bare name of the variable.
  std::optional<std::string> match(std::string_view filled, std::string_view variable) const;
  bool is_pattern_of(std::string_view variable) const;

 private:
  struct Part {
    std::string literal;                         // before the expression
    std::optional<expr::Expression> expression;  // none in the last part
  };

  std::string text_;
  std::vector<Part> parts_;
  std::set<std::string> names_;
};

}  // namespace scoria::plan
