// R expressions in memory, as the reader would have read them. Test programs only.
#pragma once

#include <string>
#include <vector>

#include "expr/parse.h"
#include "model/r_value_for_tests.h"

namespace scoria::model {

// What R's parser makes of the text; names, numbers, texts and calls are enough for formulas.
inline RValues::ValuePtr language(RValues& values, const expr::Expression& expression) {
  switch (expression->kind) {
    case expr::Kind::number: return values.real({expression->number});
    case expr::Kind::integer: return values.integer({expression->integer});
    case expr::Kind::text: return values.character({expression->text});
    case expr::Kind::logical: return values.logical({expression->logical ? 1 : 0});
    case expr::Kind::na: return values.logical({kNaInt});
    case expr::Kind::null: return values.null();
    case expr::Kind::name: return values.symbol(expression->text);
    case expr::Kind::call: break;
  }
  std::vector<RValues::ValuePtr> args;
  std::vector<std::string> names;
  for (const expr::Argument& arg : expression->args) {
    args.push_back(language(values, arg.value));
    names.push_back(arg.name);
  }
  return values.call(expression->text, args, names);
}

inline RValues::ValuePtr language(RValues& values, const std::string& text) {
  if (text == "x[1]") return values.call("[", {values.symbol("x"), values.real({1})});
  return language(values, expr::parse(text).value());
}

}  // namespace scoria::model
