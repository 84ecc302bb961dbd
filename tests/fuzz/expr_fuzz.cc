// Any text: parsing it never fails but by an Error; what parses prints to a text that parses back to the same; defining and
// evaluating it over a small frame, in full and for some rows, gives the same rows or an Error.
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/na.h"
#include "expr/frame.h"
#include "expr/parse.h"

namespace {

using scoria::expr::Expression;
using scoria::expr::Frame;
using scoria::expr::Scalar;
using scoria::table::Column;
using scoria::table::Table;
using scoria::table::Type;

Table small() {
  Table rows(7);
  rows.add("x", Column::real({1, -0.0, scoria::na_real(), std::nan(""), INFINITY, 1e300, 5e-324}));
  rows.add("i", Column::integer({1, -2, scoria::kNaInt, 2147483647, -2147483647, 0, 7}));
  rows.add("b", Column::logical({1, 0, 1, 0, 1, 0, 1}));
  rows.add("s", Column::text(std::vector<std::string>{"a", "", "1e3", "NA", "zz", "a", "b"}));
  rows.add("f", Column::factor({0, 1, -1, 1, 0, 0, 1},
                               std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"a", "zz"})));
  return rows;
}

// With step bound, so that expressions may read it.
Frame frame() {
  static const Table rows = small();
  Frame declared(rows, {0, 3, 4});
  SCORIA_CHECK(declared.declare("step", Type::integer).ok());
  return declared.with({{"step", Scalar{2}}}).value();
}

void check_rows(const Expression& expression) {
  const std::uint32_t wanted[] = {6, 0, 3, 0};
  Frame whole = frame();
  const bool defined = whole.define("y", expression).ok();
  const auto full = whole.evaluate(expression);
  const auto some = frame().evaluate(expression, wanted);
  if (defined) {
    const auto named = whole.column("y");
    SCORIA_CHECK(named.ok() == full.ok());
  }
  if (!full.ok() || !some.ok()) return;
  SCORIA_CHECK(full.value()->size() == 7 && some.value()->size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    SCORIA_CHECK(full.value()->is_null(wanted[i]) == some.value()->is_null(i));
    SCORIA_CHECK(Scalar::from(*full.value(), wanted[i]).text() == Scalar::from(*some.value(), i).text());
  }
}

bool has_long_number(std::string_view text) {
  int digits = 0;
  for (const char c : text) {
    const bool is_scaled = c == 'e' || c == 'E' || c == 'x' || c == 'X';
    if (digits > 3 || (digits > 0 && is_scaled)) return true;
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = scoria::expr::parse(text);
  if (!parsed.ok()) return 0;
  const std::string once = scoria::expr::deparse(parsed.value());
  const auto again = scoria::expr::parse(once);
  // Parentheses added by the printer can exceed a limit that the first text kept within.
  if (again.ok()) {
    SCORIA_CHECK(scoria::expr::deparse(again.value()) == once);
  } else {
    SCORIA_CHECK(again.error().code == scoria::Code::too_large);
  }
  (void)scoria::expr::names_used(parsed.value());
  // A vector of a million values is allowed and slow: not what a fuzzer should spend its time on.
  if (scoria::expr::functions_used(parsed.value()).count(":") != 0 && has_long_number(text)) return 0;
  check_rows(parsed.value());
  static const scoria::expr::Tables tables = {{"t", small()}};
  (void)scoria::expr::evaluate_vector(parsed.value(), tables, {{"step", Scalar{2}}});
  return 0;
}
