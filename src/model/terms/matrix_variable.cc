#include "model/terms/matrix_variable.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <utility>

#include "expr/convert.h"
#include "expr/frame.h"
#include "expr/parse.h"
#include "model/terms/coding.h"
#include "model/terms/language.h"
#include "table/column.h"

namespace scoria::model::terms {
namespace {

using expr::Argument;
using expr::Expression;

bool is_constant(const Expression& expression) { return expr::names_used(expression).empty(); }

Result<std::vector<double>> numbers(const Expression& expression, const std::string& what) {
  if (expression->is_call("c") && expression->args.empty()) return std::vector<double>{};
  if (expression->kind == expr::Kind::null) return std::vector<double>{};
  if (!is_constant(expression))
    return not_understood(what + " must be given by numbers, not by '" + expr::deparse(expression) +
                          "', whose value the file does not hold");
  auto column = expr::evaluate_vector(expression, {}, {});
  if (!column.ok()) return with_context(what, std::move(column).error());
  if (column.value()->type() > table::Type::real) return Error{Code::corrupt, what + " must be numbers"};
  const table::ColumnPtr reals = expr::to_real(column.value());
  return std::vector<double>(reals->reals().begin(), reals->reals().end());
}

Result<bool> flag(const Expression& expression, const std::string& what) {
  SCORIA_TRY(values, numbers(expression, what));
  if (values.size() != 1 || std::isnan(values[0])) return Error{Code::corrupt, what + " must be TRUE or FALSE"};
  return values[0] != 0;
}

// Named arguments by name, those without one in order for the formals that are left; as R matches where names are exact.
class Arguments {
 public:
  static Result<Arguments> match(const Expression& call, std::span<const std::string_view> formals) {
    Arguments arguments;
    arguments.what_ = call->text + "()";
    arguments.formals_ = formals;
    arguments.given_.resize(formals.size(), nullptr);
    for (const Argument& arg : call->args) {
      if (arg.name.empty()) continue;
      const auto at =
          std::find_if(formals.begin(), formals.end(), [&](auto formal) { return formal.starts_with(arg.name); });
      if (at == formals.end())
        return not_understood(arguments.what_ + " has an argument '" + arg.name + "', which is not understood");
      arguments.given_[static_cast<std::size_t>(at - formals.begin())] = &arg.value;
    }
    std::size_t next = 0;
    for (const Argument& arg : call->args) {
      if (!arg.name.empty()) continue;
      while (next < formals.size() && arguments.given_[next] != nullptr) ++next;
      if (next == formals.size()) return not_understood(arguments.what_ + " has more arguments than are understood");
      arguments.given_[next] = &arg.value;
    }
    return arguments;
  }

  // nullptr where it is not given, or NULL.
  const Expression* find(std::string_view formal) const {
    const auto at = std::find(formals_.begin(), formals_.end(), formal);
    const Expression* found = given_[static_cast<std::size_t>(at - formals_.begin())];
    return found == nullptr || (*found)->kind == expr::Kind::null ? nullptr : found;
  }
  std::string name(std::string_view formal) const { return what_ + "'s " + std::string(formal); }

 private:
  std::string what_;
  std::span<const std::string_view> formals_;
  std::vector<const Expression*> given_;
};

Error without(const std::string& call, const std::string& what) {
  return not_understood("its " + call + " lacks " + what +
                        ", which depends on the rows it was fitted with; fit it directly in the formula, as " + call +
                        " alone, so that R stores them");
}

const Argument* element(const Expression& list, std::string_view name) {
  for (const Argument& arg : list->args)
    if (arg.name == name) return &arg;
  return nullptr;
}

Result<Polynomial> orthogonal(const Expression& coefs, std::size_t degree) {
  const Argument* alpha = coefs->is_call("list") ? element(coefs, "alpha") : nullptr;
  const Argument* norm2 = coefs->is_call("list") ? element(coefs, "norm2") : nullptr;
  if (alpha == nullptr || norm2 == nullptr) return Error{Code::corrupt, "poly()'s coefs must hold alpha and norm2"};
  SCORIA_TRY(alphas, numbers(alpha->value, "poly()'s alpha"));
  SCORIA_TRY(norms, numbers(norm2->value, "poly()'s norm2"));
  return Polynomial::orthogonal(degree, std::move(alphas), std::move(norms));
}

Expression unwrapped(const Expression& expression) {
  if ((expression->is_call("I") || expression->is_call("(")) && expression->args.size() == 1)
    return unwrapped(expression->args[0].value);
  return expression;
}

}  // namespace

bool MatrixVariable::is_matrix(const Expression& expression) {
  const Expression call = unwrapped(expression);
  for (const std::string_view name : {"poly", "polym", "bs", "ns", "scale", "cbind"})
    if (call->is_call(name)) return true;
  return false;
}

Result<MatrixVariable> MatrixVariable::parse(const Expression& expression) {
  const Expression call = unwrapped(expression);
  auto variable = call->is_call("poly") || call->is_call("polym") ? poly(call)
                  : call->is_call("bs") || call->is_call("ns")    ? spline(call)
                  : call->is_call("scale")                        ? scaled(call)
                                                                  : bound(call);
  if (variable.ok() && variable.value().columns_ > kMaxMatrixColumns)
    return Error{Code::too_large, call->text + "() gives " + std::to_string(variable.value().columns_) +
                                      " columns, may give " + std::to_string(kMaxMatrixColumns)};
  return variable;
}

Result<MatrixVariable> MatrixVariable::poly(const Expression& call) {
  MatrixVariable variable;
  const Expression* coefs = nullptr;
  bool is_raw = false;
  std::optional<Expression> degree_given;
  for (const Argument& arg : call->args) {
    if (arg.name == "degree") {
      degree_given = arg.value;
    } else if (arg.name == "coefs") {
      if (arg.value->kind != expr::Kind::null) coefs = &arg.value;
    } else if (arg.name == "raw") {
      SCORIA_TRY(value, flag(arg.value, "poly()'s raw"));
      is_raw = value;
    } else if (arg.name == "simple") {
      continue;
    } else if (!variable.inputs_.empty() && is_constant(arg.value)) {
      degree_given = arg.value;  // poly(x, 2)
    } else {
      variable.inputs_.push_back(unwrapped(arg.value));
    }
  }
  double degree = 1;
  if (degree_given) {
    SCORIA_TRY(values, numbers(*degree_given, "poly()'s degree"));
    if (values.size() != 1) return Error{Code::corrupt, "poly()'s degree must be one number"};
    degree = values[0];
  }
  if (!(degree >= 1 && degree <= static_cast<double>(kMaxDegree)) || degree != std::floor(degree))
    return Error{Code::corrupt, "poly()'s degree must be a whole number from 1 to " + std::to_string(kMaxDegree)};
  const auto powers = static_cast<std::size_t>(degree);
  const std::size_t inputs = variable.inputs_.size();
  if (inputs == 0) return Error{Code::corrupt, "poly() has no argument"};
  if (inputs > kMaxPolyInputs)
    return Error{Code::too_large,
                 "poly() of " + std::to_string(inputs) + " variables, may have " + std::to_string(kMaxPolyInputs)};
  for (const Expression& input : variable.inputs_)
    if (is_matrix(input)) return not_understood("poly() of a matrix");
  if (!is_raw && coefs == nullptr) return without("poly()", "coefs");
  if (inputs > 1 && coefs != nullptr && (!(*coefs)->is_call("list") || (*coefs)->args.size() != inputs))
    return Error{Code::corrupt, "poly() of several variables must have coefs for each of them"};
  for (std::size_t i = 0; i < inputs; ++i) {
    if (is_raw) {
      variable.polynomials_.push_back(Polynomial::raw(powers));
      continue;
    }
    SCORIA_TRY(polynomial, orthogonal(inputs == 1 ? *coefs : (*coefs)->args[i].value, powers));
    variable.polynomials_.push_back(std::move(polynomial));
  }
  if (inputs == 1) {
    variable.columns_ = powers;
    variable.names_ = numbered(powers);
    return variable;
  }
  // All products of powers up to the degree; the first variable's power goes fastest.
  std::vector<std::size_t> at(inputs, 0);
  std::size_t steps = 0;
  for (;;) {
    std::size_t i = 0;
    while (i < inputs && at[i] == powers) at[i++] = 0;
    if (i == inputs) break;
    ++at[i];
    if (++steps > kMaxMatrixColumns * kMaxDegree) return Error{Code::too_large, "poly() of too many variables"};
    if (std::accumulate(at.begin(), at.end(), std::size_t{0}) > powers) continue;
    std::string name;
    for (const std::size_t power : at) name += (name.empty() ? "" : ".") + std::to_string(power);
    variable.degrees_.push_back(at);
    variable.names_.push_back(std::move(name));
    if (variable.degrees_.size() > kMaxMatrixColumns) break;
  }
  variable.columns_ = variable.degrees_.size();
  return variable;
}

Result<MatrixVariable> MatrixVariable::spline(const Expression& call) {
  static constexpr std::string_view kNatural[] = {"x", "df", "knots", "intercept", "Boundary.knots"};
  static constexpr std::string_view kPlain[] = {"x", "df", "knots", "degree", "intercept", "Boundary.knots"};
  const bool is_natural = call->text == "ns";
  SCORIA_TRY(args, Arguments::match(call, is_natural ? std::span<const std::string_view>(kNatural)
                                                     : std::span<const std::string_view>(kPlain)));
  const Expression* x = args.find("x");
  const Expression* knots = args.find("knots");
  const Expression* boundary = args.find("Boundary.knots");
  if (x == nullptr) return Error{Code::corrupt, call->text + "() has no argument"};
  if (is_matrix(*x)) return not_understood(call->text + "() of a matrix");
  if (boundary == nullptr || (knots == nullptr && args.find("df") != nullptr))
    return without(call->text + "()", "knots");
  Spline::Shape shape{.is_natural = is_natural};
  if (knots != nullptr) {
    SCORIA_TRY(values, numbers(*knots, args.name("knots")));
    shape.knots = std::move(values);
  }
  SCORIA_TRY(ends, numbers(*boundary, args.name("Boundary.knots")));
  if (ends.size() != 2) return Error{Code::corrupt, args.name("Boundary.knots") + " must be two numbers"};
  shape.lower = ends[0];
  shape.upper = ends[1];
  if (const Expression* intercept = args.find("intercept")) {
    SCORIA_TRY(value, flag(*intercept, args.name("intercept")));
    shape.has_intercept = value;
  }
  if (const Expression* degree = is_natural ? nullptr : args.find("degree")) {
    SCORIA_TRY(values, numbers(*degree, args.name("degree")));
    if (values.size() != 1 || !(values[0] >= 1 && values[0] <= static_cast<double>(kMaxDegree)))
      return Error{Code::corrupt, args.name("degree") + " must be 1 to " + std::to_string(kMaxDegree)};
    shape.degree = static_cast<std::size_t>(values[0]);
  }
  SCORIA_TRY(spline, Spline::make(std::move(shape)));
  MatrixVariable variable;
  variable.inputs_.push_back(unwrapped(*x));
  variable.columns_ = spline.columns();
  variable.names_ = numbered(variable.columns_);
  variable.spline_ = std::move(spline);
  return variable;
}

Result<MatrixVariable> MatrixVariable::scaled(const Expression& call) {
  static constexpr std::string_view kFormals[] = {"x", "center", "scale"};
  SCORIA_TRY(args, Arguments::match(call, kFormals));
  const Expression* x = args.find("x");
  if (x == nullptr) return Error{Code::corrupt, "scale() has no argument"};
  MatrixVariable variable;
  if (is_matrix(*x)) {
    SCORIA_TRY(part, parse(*x));
    variable.inputs_ = part.inputs_;
    variable.columns_ = part.columns_;
    variable.names_ = part.names_;
    variable.parts_.push_back(std::move(part));
  } else {
    variable.inputs_.push_back(unwrapped(*x));
  }
  for (const bool is_center : {true, false}) {
    const Expression* given = args.find(is_center ? "center" : "scale");
    const bool is_false = given != nullptr && (*given)->kind == expr::Kind::logical && !(*given)->logical;
    if (is_false) continue;
    if (given == nullptr || (*given)->kind == expr::Kind::logical)
      return without("scale()", is_center ? "center" : "scale");
    SCORIA_TRY(values, numbers(*given, args.name(is_center ? "center" : "scale")));
    if (values.size() != variable.columns_)
      return Error{Code::corrupt, "scale() must have a center and a scale for each of its " +
                                      std::to_string(variable.columns_) + " columns"};
    (is_center ? variable.center_ : variable.scale_) = std::move(values);
  }
  return variable;
}

Result<MatrixVariable> MatrixVariable::bound(const Expression& call) {
  MatrixVariable variable;
  variable.columns_ = 0;
  for (const Argument& arg : call->args) {
    if (arg.name == "deparse.level" || arg.name == "stringsAsFactors")
      return not_understood("cbind() with " + arg.name);
    MatrixVariable part;
    std::string name = arg.name;
    if (is_matrix(arg.value)) {
      SCORIA_TRY(parsed, parse(arg.value));
      part = std::move(parsed);
    } else {
      const Expression vector = unwrapped(arg.value);
      if (name.empty() && arg.value->kind == expr::Kind::name) name = arg.value->text;
      part.inputs_.push_back(vector);
      part.names_.push_back(std::move(name));
    }
    part.names_.resize(part.columns_);
    variable.inputs_.insert(variable.inputs_.end(), part.inputs_.begin(), part.inputs_.end());
    variable.names_.insert(variable.names_.end(), part.names_.begin(), part.names_.end());
    variable.columns_ += part.columns_;
    variable.parts_.push_back(std::move(part));
  }
  if (variable.columns_ == 0) return Error{Code::corrupt, "cbind() has no argument"};
  if (std::all_of(variable.names_.begin(), variable.names_.end(), [](const auto& name) { return name.empty(); }))
    variable.names_.clear();
  return variable;
}

void MatrixVariable::evaluate_poly(std::span<const std::span<const double>> inputs, std::size_t rows,
                                   std::span<double> out) const {
  std::vector<std::vector<double>> values;
  for (const Polynomial& polynomial : polynomials_) values.emplace_back(polynomial.columns());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < inputs.size(); ++i) polynomials_[i].row(inputs[i][row], values[i]);
    for (std::size_t column = 0; column < columns_; ++column) {
      double value = 1;
      if (degrees_.empty()) {
        value = values[0][column];
      } else {
        for (std::size_t i = 0; i < inputs.size(); ++i) {
          const std::size_t power = degrees_[column][i];
          value *= power == 0 ? 1 : values[i][power - 1];
        }
      }
      out[column * rows + row] = value;
    }
  }
}

void MatrixVariable::evaluate(std::span<const std::span<const double>> inputs, std::size_t rows,
                              std::span<double> out) const {
  if (!polynomials_.empty()) return evaluate_poly(inputs, rows, out);
  if (spline_) {
    std::vector<double> values(columns_);
    for (std::size_t row = 0; row < rows; ++row) {
      spline_->row(inputs[0][row], values);
      for (std::size_t column = 0; column < columns_; ++column) out[column * rows + row] = values[column];
    }
    return;
  }
  if (parts_.empty()) std::copy(inputs[0].begin(), inputs[0].end(), out.begin());
  for (const MatrixVariable& part : parts_) {
    part.evaluate(inputs.first(part.inputs_.size()), rows, out.first(part.columns_ * rows));
    inputs = inputs.subspan(part.inputs_.size());
    if (parts_.size() > 1) out = out.subspan(part.columns_ * rows);
  }
  for (std::size_t column = 0; column < center_.size(); ++column)
    for (double& value : out.subspan(column * rows, rows)) value -= center_[column];
  for (std::size_t column = 0; column < scale_.size(); ++column)
    for (double& value : out.subspan(column * rows, rows)) value /= scale_[column];
}

}  // namespace scoria::model::terms
