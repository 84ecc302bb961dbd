#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/na.h"
#include "expr/convert.h"
#include "expr/elementwise.h"
#include "expr/limits.h"

namespace scoria::expr {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Type;

bool flag(const Call& call, std::size_t arg, bool otherwise) {
  if (arg >= call.args.size() || call.args[arg] == nullptr || call.args[arg]->is_null(0)) return otherwise;
  return to_logical(call.args[arg])->logicals()[0] != 0;
}

std::vector<std::string> texts_of(const ColumnPtr& column) {
  const ColumnPtr text = to_text(column);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < text->size(); ++i) out.push_back(text->is_null(i) ? "NA" : std::string(text->text_at(i)));
  return out;
}

// R's formatC(x, digits = digits, width = 1).
std::string short_number(double value, int digits) {
  if (std::isinf(value)) return value > 0 ? " Inf" : "-Inf";  // the blank is R's
  std::array<char, 64> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), "%.*g", digits, value);
  return std::string(buffer.data(), static_cast<std::size_t>(length));
}

// "(1,2]" for every interval, with as many digits as tell all breaks apart; "Range_1" where 12 do not.
std::vector<std::string> interval_labels(const std::vector<double>& breaks, int digits, bool right,
                                         bool include_lowest) {
  constexpr int kMostDigits = 12;
  std::vector<std::string> ends;
  bool differ = false;
  for (; !differ && digits <= std::max(kMostDigits, digits); ++digits) {
    ends.clear();
    for (const double value : breaks) ends.push_back(short_number(value, digits));
    differ = std::adjacent_find(ends.begin(), ends.end()) == ends.end();
    if (digits >= kMostDigits) break;
  }
  std::vector<std::string> labels;
  for (std::size_t i = 0; i + 1 < ends.size(); ++i)
    labels.push_back(differ ? (right ? "(" : "[") + ends[i] + "," + ends[i + 1] + (right ? "]" : ")")
                            : "Range_" + std::to_string(i + 1));
  if (differ && include_lowest && !labels.empty())
    (right ? labels.front().front() : labels.back().back()) = right ? '[' : ']';
  return labels;
}

// Codes to a factor whose levels are the labels' distinct texts.
ColumnPtr labelled(std::vector<std::int32_t> codes, const std::vector<std::string>& labels, bool is_ordered) {
  auto levels = std::make_shared<std::vector<std::string>>();
  std::unordered_map<std::string, std::int32_t> known;
  std::vector<std::int32_t> level_of;
  for (const std::string& label : labels) {
    const auto [at, is_new] = known.emplace(label, static_cast<std::int32_t>(levels->size()));
    if (is_new) levels->push_back(label);
    level_of.push_back(at->second);
  }
  for (std::int32_t& code : codes)
    if (code >= 0) code = level_of[static_cast<std::size_t>(code)];
  return Column::factor(std::move(codes), std::move(levels), is_ordered);
}

Result<ColumnPtr> factor_by(const Call& call, bool is_ordered) {
  const std::vector<std::string> levels = texts_of(call.args[1]);
  std::vector<std::string> labels = call.args.size() > 2 && call.args[2] ? texts_of(call.args[2]) : levels;
  if (labels.size() == 1 && levels.size() > 1) {
    const std::string prefix = labels[0];
    labels.clear();
    for (std::size_t i = 1; i <= levels.size(); ++i) labels.push_back(prefix + std::to_string(i));
  }
  if (labels.size() != levels.size())
    return Error{Code::invalid, "factor() is given " + std::to_string(labels.size()) + " labels for " +
                                    std::to_string(levels.size()) + " levels, must have 1 or as many"};
  std::unordered_map<std::string_view, std::int32_t> code_of;
  for (std::size_t i = 0; i < levels.size(); ++i)
    if (!code_of.emplace(levels[i], static_cast<std::int32_t>(i)).second)
      return Error{Code::invalid, "factor()'s level '" + levels[i] + "' is given twice"};
  const ColumnPtr x = to_text(call.args[0]);
  std::vector<std::int32_t> codes(call.size, -1);
  for (std::size_t row = 0; row < call.size; ++row) {
    const std::size_t at = x->size() == 1 ? 0 : row;
    if (x->is_null(at)) continue;
    if (const auto found = code_of.find(x->text_at(at)); found != code_of.end()) codes[row] = found->second;
  }
  return labelled(std::move(codes), labels, is_ordered);
}

Result<std::vector<double>> known_numbers(const ColumnPtr& column, const std::string& what) {
  const ColumnPtr reals = to_real(column);
  std::vector<double> values(reals->reals().begin(), reals->reals().end());
  if (std::any_of(values.begin(), values.end(), [](double x) { return std::isnan(x); }))
    return Error{Code::invalid, what + " must not be NA"};
  return values;
}

}  // namespace

Result<ColumnPtr> factor_of(const Call& call) { return factor_by(call, flag(call, 3, false)); }
Result<ColumnPtr> ordered_of(const Call& call) { return factor_by(call, true); }

Result<ColumnPtr> cut_of(const Call& call) {
  SCORIA_TRY(breaks, known_numbers(call.args[1], "cut()'s breaks"));
  if (breaks.size() < 2)
    return Error{Code::invalid, "cut() needs its breaks themselves; a number of intervals depends on all rows"};
  std::sort(breaks.begin(), breaks.end());
  if (std::adjacent_find(breaks.begin(), breaks.end()) != breaks.end())
    return Error{Code::invalid, "cut()'s breaks must be different"};
  const bool include_lowest = flag(call, 3, false);
  const bool right = flag(call, 4, true);
  const ColumnPtr x = to_real(call.args[0]);
  const std::size_t intervals = breaks.size() - 1;
  std::vector<std::int32_t> codes(call.size, -1);
  for (std::size_t row = 0; row < call.size; ++row) {
    const double value = x->reals()[x->size() == 1 ? 0 : row];
    if (std::isnan(value)) continue;
    const auto end = right ? std::lower_bound(breaks.begin(), breaks.end(), value)
                           : std::upper_bound(breaks.begin(), breaks.end(), value);
    auto code = static_cast<std::int32_t>(end - breaks.begin()) - 1;
    if (include_lowest && right && value == breaks.front()) code = 0;
    if (include_lowest && !right && value == breaks.back()) code = static_cast<std::int32_t>(intervals) - 1;
    if (code < static_cast<std::int32_t>(intervals)) codes[row] = code;
  }
  if (call.type == Type::integer) {
    for (std::int32_t& code : codes) code = code < 0 ? kNaInt : code + 1;
    if (flag(call, 2, false)) return Error{Code::invalid, "cut()'s labels must be texts, FALSE or NULL"};
    return Column::integer(std::move(codes));
  }
  std::vector<std::string> labels;
  if (call.args.size() > 2 && call.args[2]) {
    labels = texts_of(call.args[2]);
    if (labels.size() != intervals)
      return Error{Code::invalid, "cut() is given " + std::to_string(labels.size()) + " labels for " +
                                      std::to_string(intervals) + " intervals"};
  } else {
    int digits = 3;
    if (call.args.size() > 5 && call.args[5] && !call.args[5]->is_null(0))
      digits = std::clamp(to_integer(call.args[5])->integers()[0], 1, 22);
    labels = interval_labels(breaks, digits, right, include_lowest);
  }
  return labelled(std::move(codes), labels, flag(call, 6, false));
}

Result<ColumnPtr> find_interval(const Call& call) {
  SCORIA_TRY(breaks, known_numbers(call.args[1], "findInterval()'s vec"));
  if (!std::is_sorted(breaks.begin(), breaks.end()))
    return Error{Code::invalid, "findInterval()'s vec must be in ascending order"};
  const bool closed = flag(call, 2, false);
  const bool inside = flag(call, 3, false);
  const bool left_open = flag(call, 4, false);
  const ColumnPtr x = to_real(call.args[0]);
  const auto count = static_cast<std::int32_t>(breaks.size());
  std::vector<std::int32_t> out(call.size, kNaInt);
  for (std::size_t row = 0; row < call.size; ++row) {
    const double value = x->reals()[x->size() == 1 ? 0 : row];
    if (std::isnan(value)) continue;
    const auto end = left_open ? std::lower_bound(breaks.begin(), breaks.end(), value)
                               : std::upper_bound(breaks.begin(), breaks.end(), value);
    auto at = static_cast<std::int32_t>(end - breaks.begin());
    if (closed && count > 0 && !left_open && value == breaks.back()) at = count - 1;
    if (closed && count > 0 && left_open && value == breaks.front()) at = 1;
    if (inside) at = std::clamp(at, 1, std::max(count - 1, 1));
    out[row] = at;
  }
  return Column::integer(std::move(out));
}

Result<ColumnPtr> sequence(const Call& call) {
  SCORIA_TRY(from, known_numbers(call.args[0], "seq()'s from"));
  SCORIA_TRY(to, known_numbers(call.args[1], "seq()'s to"));
  const bool has_by = call.args.size() > 2 && call.args[2] != nullptr;
  const bool has_length = call.args.size() > 3 && call.args[3] != nullptr;
  if (has_by && has_length) return Error{Code::invalid, "seq() takes by or length.out, not both"};
  const double distance = to[0] - from[0];
  double step = distance < 0 ? -1 : 1;
  double last = 0;
  if (has_length) {
    SCORIA_TRY(length, known_numbers(call.args[3], "seq()'s length.out"));
    last = std::ceil(length[0]) - 1;
    step = last > 0 ? distance / last : 0;
  } else {
    if (has_by) {
      SCORIA_TRY(by, known_numbers(call.args[2], "seq()'s by"));
      step = by[0];
    }
    if (distance == 0 && step == 0) step = 1;
    last = std::floor(distance / step + 1e-10);
  }
  if (!(last >= 0 && last < static_cast<double>(kMaxVectorLength)))
    return Error{Code::invalid, "seq() must give 1 to " + std::to_string(kMaxVectorLength) +
                                    " values; by must lead from the first number to the last"};
  std::vector<double> values(static_cast<std::size_t>(last) + 1);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = from[0] + static_cast<double>(i) * step;
    // R keeps what rounding carries past the end within it.
    if (has_by && step > 0) values[i] = std::min(values[i], to[0]);
    if (has_by && step < 0) values[i] = std::max(values[i], to[0]);
  }
  if (has_length && values.size() > 1) values.back() = to[0];
  return Column::real(std::move(values));
}

}  // namespace scoria::expr
