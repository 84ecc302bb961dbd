// Turns a formula's text into a Program, in one pass.
// Source: the grammar of Azure Batch's autoscale formulas, as its documentation describes it and public formulas use it:
//   formula := { statement ";" } [ statement ]     statement := name "=" choice | choice
//   choice := or [ "?" choice ":" choice ]         or := and { "||" and }      and := comparison { "&&" comparison }
//   comparison := sum [ ("<"|"<="|"=="|">="|">"|"!=") sum ]                    sum := product { ("+"|"-") product }
//   product := sign { ("*"|"/") sign }             sign := { "-"|"!" } postfix
//   postfix := primary { "." name [ "(" list ")" ] }
//   primary := number | text | name | name "(" list ")" | "(" choice ")" | "[" list "]"
// Threads: free function.
#pragma once

#include <string_view>

#include "base/result.h"
#include "sched/formula_program.h"

namespace scoria::sched::formula {

// Errors (api_code): AutoScalingFormulaSyntaxError, AutoScaleFormulaTooLong.
Result<Program> parse(std::string_view text);

}  // namespace scoria::sched::formula
