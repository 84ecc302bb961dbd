#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "expr/arithmetic.h"
#include "expr/convert.h"
#include "expr/elementwise.h"

namespace scoria::expr {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Type;

// An argument as doubles, keeping what the conversion made alive.
struct Reals {
  explicit Reals(const ColumnPtr& column)
      : kept(to_real(column)), values{kept->reals().data(), kept->size() == 1 ? 0u : 1u} {}
  ColumnPtr kept;
  Input<double> values;
};

struct Integers {
  explicit Integers(const ColumnPtr& column)
      : kept(to_integer(column)), values{kept->integers().data(), kept->size() == 1 ? 0u : 1u} {}
  ColumnPtr kept;
  Input<std::int32_t> values;
};

// The three loops the compiler can vectorise, instead of one with strides.
template <typename Out, typename T, typename F>
void loop(std::vector<Out>& out, Input<T> a, Input<T> b, F f) {
  const std::size_t size = out.size();
  if (a.step == 1 && b.step == 1) {
    for (std::size_t row = 0; row < size; ++row) out[row] = f(a.data[row], b.data[row]);
  } else if (a.step == 1) {
    const T right = size == 0 ? T{} : b.data[0];
    for (std::size_t row = 0; row < size; ++row) out[row] = f(a.data[row], right);
  } else if (b.step == 1) {
    const T left = size == 0 ? T{} : a.data[0];
    for (std::size_t row = 0; row < size; ++row) out[row] = f(left, b.data[row]);
  } else if (size != 0) {
    std::fill(out.begin(), out.end(), f(a.data[0], b.data[0]));
  }
}

template <typename F>
ColumnPtr map_real(const Call& call, F f) {
  const Reals x(call.args[0]);
  std::vector<double> out(call.size);
  for (std::size_t row = 0; row < call.size; ++row) out[row] = f(x.values[row]);
  return Column::real(std::move(out), any_null(call.args.first(1), call.size));
}

template <typename F>
ColumnPtr map_reals(const Call& call, F f) {
  const Reals a(call.args[0]);
  const Reals b(call.args[1]);
  std::vector<double> out(call.size);
  loop(out, a.values, b.values, f);
  return Column::real(std::move(out), any_null(call.args.first(2), call.size));
}

// f gives kNaInt for NA; the column makes those null.
template <typename F>
ColumnPtr map_integers(const Call& call, F f) {
  const Integers a(call.args[0]);
  const Integers b(call.args[1]);
  std::vector<std::int32_t> out(call.size);
  loop(out, a.values, b.values, f);
  return Column::integer(std::move(out), any_null(call.args.first(2), call.size));
}

bool has_second(const Call& call) { return call.args.size() > 1 && call.args[1] != nullptr; }

double sign(double x) { return std::isnan(x) ? x : static_cast<double>((x > 0) - (x < 0)); }

}  // namespace

// 64 bits hold every 32-bit sum and product; what is out of range, or came from the NA slot, is NA.
Result<ColumnPtr> add(const Call& call) {
  if (!has_second(call)) return to_type(call.args[0], call.type);
  if (call.type == Type::integer)
    return map_integers(call, [](std::int64_t a, std::int64_t b) { return narrow(a + b); });
  return map_reals(call, [](double a, double b) { return a + b; });
}

Result<ColumnPtr> subtract(const Call& call) {
  if (!has_second(call)) {
    if (call.type == Type::real) return map_real(call, [](double x) { return -x; });
    const Integers x(call.args[0]);
    std::vector<std::int32_t> out(call.size);
    for (std::size_t row = 0; row < call.size; ++row) out[row] = narrow(-std::int64_t{x.values[row]});
    return Column::integer(std::move(out), x.kept->validity());
  }
  if (call.type == Type::integer)
    return map_integers(call, [](std::int64_t a, std::int64_t b) { return narrow(a - b); });
  return map_reals(call, [](double a, double b) { return a - b; });
}

Result<ColumnPtr> multiply(const Call& call) {
  if (call.type == Type::integer)
    return map_integers(call, [](std::int64_t a, std::int64_t b) { return narrow(a * b); });
  return map_reals(call, [](double a, double b) { return a * b; });
}

Result<ColumnPtr> divide(const Call& call) {
  return map_reals(call, [](double a, double b) { return a / b; });
}

Result<ColumnPtr> power(const Call& call) {
  const Reals a(call.args[0]);
  const Reals b(call.args[1]);
  std::vector<double> out(call.size);
  loop(out, a.values, b.values, r_power);
  // The slot of a null holds na_real(), a NaN, so a number here is one of the two cases that do not care.
  NullRows nulls(call.size);
  const table::Validity validity = any_null(call.args.first(2), call.size);
  if (!validity.all_valid())
    for (std::size_t row = 0; row < call.size; ++row)
      if (validity.is_null(row) && std::isnan(out[row])) nulls.add(row);
  return Column::real(std::move(out), nulls.take());
}

Result<ColumnPtr> modulo(const Call& call) {
  if (call.type == Type::integer)
    return map_integers(call, [](std::int32_t a, std::int32_t b) { return r_modulo(a, b); });
  return map_reals(call, [](double a, double b) { return r_modulo(a, b); });
}

Result<ColumnPtr> whole_quotient(const Call& call) {
  if (call.type == Type::integer)
    return map_integers(call, [](std::int32_t a, std::int32_t b) { return r_quotient(a, b); });
  return map_reals(call, [](double a, double b) { return r_quotient(a, b); });
}

Result<ColumnPtr> exp_of(const Call& call) {
  return map_real(call, [](double x) { return std::exp(x); });
}
Result<ColumnPtr> expm1_of(const Call& call) {
  return map_real(call, [](double x) { return std::expm1(x); });
}
Result<ColumnPtr> log1p_of(const Call& call) {
  return map_real(call, [](double x) { return std::log1p(x); });
}
Result<ColumnPtr> log2_of(const Call& call) {
  return map_real(call, [](double x) { return std::log2(x); });
}
Result<ColumnPtr> log10_of(const Call& call) {
  return map_real(call, [](double x) { return std::log10(x); });
}
Result<ColumnPtr> sqrt_of(const Call& call) {
  return map_real(call, [](double x) { return std::sqrt(x); });
}
Result<ColumnPtr> floor_of(const Call& call) {
  return map_real(call, [](double x) { return std::floor(x); });
}
Result<ColumnPtr> ceiling_of(const Call& call) {
  return map_real(call, [](double x) { return std::ceil(x); });
}
Result<ColumnPtr> trunc_of(const Call& call) {
  return map_real(call, [](double x) { return std::trunc(x); });
}
Result<ColumnPtr> sin_of(const Call& call) {
  return map_real(call, [](double x) { return std::sin(x); });
}
Result<ColumnPtr> cos_of(const Call& call) {
  return map_real(call, [](double x) { return std::cos(x); });
}
Result<ColumnPtr> tan_of(const Call& call) {
  return map_real(call, [](double x) { return std::tan(x); });
}
Result<ColumnPtr> asin_of(const Call& call) {
  return map_real(call, [](double x) { return std::asin(x); });
}
Result<ColumnPtr> acos_of(const Call& call) {
  return map_real(call, [](double x) { return std::acos(x); });
}
Result<ColumnPtr> atan_of(const Call& call) {
  return map_real(call, [](double x) { return std::atan(x); });
}
Result<ColumnPtr> sinh_of(const Call& call) {
  return map_real(call, [](double x) { return std::sinh(x); });
}
Result<ColumnPtr> cosh_of(const Call& call) {
  return map_real(call, [](double x) { return std::cosh(x); });
}
Result<ColumnPtr> tanh_of(const Call& call) {
  return map_real(call, [](double x) { return std::tanh(x); });
}
Result<ColumnPtr> asinh_of(const Call& call) {
  return map_real(call, [](double x) { return std::asinh(x); });
}
Result<ColumnPtr> acosh_of(const Call& call) {
  return map_real(call, [](double x) { return std::acosh(x); });
}
Result<ColumnPtr> atanh_of(const Call& call) {
  return map_real(call, [](double x) { return std::atanh(x); });
}
Result<ColumnPtr> atan2_of(const Call& call) {
  return map_reals(call, [](double y, double x) { return std::atan2(y, x); });
}
Result<ColumnPtr> sign_of(const Call& call) { return map_real(call, sign); }

Result<ColumnPtr> log_of(const Call& call) {
  if (!has_second(call)) return map_real(call, [](double x) { return std::log(x); });
  return map_reals(call, [](double x, double base) {
    if (base == 10) return std::log10(x);
    if (base == 2) return std::log2(x);
    return std::log(x) / std::log(base);
  });
}

Result<ColumnPtr> abs_of(const Call& call) {
  if (call.type == Type::real) return map_real(call, [](double x) { return std::fabs(x); });
  const Integers x(call.args[0]);
  std::vector<std::int32_t> out(call.size);
  for (std::size_t row = 0; row < call.size; ++row) {
    const std::int32_t value = x.values[row];
    out[row] = value < 0 && value != kNaInt ? -value : value;
  }
  return Column::integer(std::move(out), x.kept->validity());
}

Result<ColumnPtr> round_of(const Call& call) {
  if (!has_second(call)) return map_real(call, [](double x) { return r_round(x, 0); });
  return map_reals(call, r_round);
}

}  // namespace scoria::expr
