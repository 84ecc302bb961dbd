#include "model/terms/terms.h"

#include <algorithm>
#include <utility>

#include "base/na.h"
#include "expr/parse.h"
#include "model/r_object.h"
#include "model/terms/language.h"
#include "model/terms/model_matrix.h"
#include "model/terms/variables.h"

namespace scoria::model::terms {

using expr::Expression;
using rdata::Kind;
using rdata::Value;

struct Terms::State {
  Variables variables;
  ModelMatrix matrix;
  std::vector<std::string> names;
  std::vector<std::string> labels;
  bool has_intercept = true;
};

namespace {

Error corrupt(const std::string& attribute, const std::string& problem) {
  return Error{Code::corrupt, "the model's terms: attribute '" + attribute + "' " + problem};
}

// The attributes of a terms object, checked against one another.
class Attributes {
 public:
  static Result<Attributes> read(const Value& terms) {
    Attributes a;
    const Value* variables = terms.attribute("variables");
    if (variables == nullptr || variables->kind != Kind::language || variables->cells.empty())
      return corrupt("variables", "must be a call of list() with the formula's variables");
    const Value* predvars = terms.attribute("predvars");
    const Value* used = predvars != nullptr && predvars->kind == Kind::language ? predvars : variables;
    a.count_ = variables->cells.size() - 1;
    if (used->cells.size() != a.count_ + 1) return corrupt("predvars", "must have as many elements as 'variables'");
    a.plain_ = variables->cells.subspan(1);
    a.expressions_ = used->cells.subspan(1);
    SCORIA_TRY_STATUS(a.read_response(terms));
    SCORIA_TRY_STATUS(a.read_offsets(terms));
    SCORIA_TRY_STATUS(a.read_factors(terms));
    a.read_names(terms);
    const Value* intercept = terms.attribute("intercept");
    if (intercept == nullptr || to_numbers(*intercept).size() != 1) return corrupt("intercept", "must be 0 or 1");
    a.has_intercept_ = to_numbers(*intercept)[0] == 1;
    return a;
  }

  std::size_t count() const { return count_; }
  bool is_response(std::size_t i) const { return i + 1 == response_; }
  bool is_offset(std::size_t i) const { return std::find(offsets_.begin(), offsets_.end(), i) != offsets_.end(); }
  const Value& expression(std::size_t i) const { return *expressions_[i].value; }
  bool has_intercept() const { return has_intercept_; }
  const std::vector<std::string>& labels() const { return labels_; }
  std::int32_t code(std::size_t variable, std::size_t term) const {
    return factors_.empty() ? 0 : factors_[term * count_ + variable];
  }
  bool is_in_a_term(std::size_t variable) const {
    for (std::size_t term = 0; term < labels_.size(); ++term)
      if (code(variable, term) > 0) return true;
    return false;
  }

  // R's name of a variable in the model frame: what its attributes call it, else what it is. A name that is no valid one stands there
  // without the backticks that it has in label().
  Result<std::string> name(std::size_t i) const {
    if (plain_[i].value->kind == Kind::symbol) return std::string(plain_[i].value->name);
    return label(i);
  }

  // The same in the names of the model matrix's columns.
  Result<std::string> label(std::size_t i) const {
    if (!names_.empty()) return names_[i];
    SCORIA_TRY(expression, to_expression(*plain_[i].value));
    return expression->kind == expr::Kind::name ? expression->text : expr::deparse(expression);
  }

 private:
  Status read_response(const Value& terms) {
    const Value* response = terms.attribute("response");
    const std::vector<double> values = response == nullptr ? std::vector<double>{0} : to_numbers(*response);
    if (values.size() != 1 || !(values[0] >= 0 && values[0] <= static_cast<double>(count_)))
      return corrupt("response", "must be 0 or the position of a variable");
    response_ = static_cast<std::size_t>(values[0]);
    return Ok{};
  }

  Status read_offsets(const Value& terms) {
    const Value* offset = terms.attribute("offset");
    if (offset == nullptr) return Ok{};
    for (const double value : to_numbers(*offset)) {
      if (!(value >= 1 && value <= static_cast<double>(count_)))
        return corrupt("offset", "must hold positions of variables");
      offsets_.push_back(static_cast<std::size_t>(value) - 1);
    }
    return Ok{};
  }

  Status read_factors(const Value& terms) {
    const Value* labels = terms.attribute("term.labels");
    if (labels == nullptr || labels->kind != Kind::character) return corrupt("term.labels", "must be strings");
    labels_ = rdata::strings(*labels);
    const Value* factors = terms.attribute("factors");
    if (factors == nullptr || factors->kind != Kind::integer) return corrupt("factors", "must be whole numbers");
    if (factors->integers.size() != labels_.size() * count_)
      return corrupt("factors", "must have a row for each variable and a column for each term");
    factors_.assign(factors->integers.begin(), factors->integers.end());
    if (std::any_of(factors_.begin(), factors_.end(), [](std::int32_t code) { return code < 0 || code > 2; }))
      return corrupt("factors", "must hold 0, 1 and 2");
    return Ok{};
  }

  void read_names(const Value& terms) {
    const Value* factors = terms.attribute("factors");
    const Value* dimnames = factors == nullptr ? nullptr : factors->attribute("dimnames");
    if (dimnames != nullptr && !dimnames->items.empty()) names_ = rdata::strings(*dimnames->items[0]);
    if (names_.size() == count_) return;
    names_.clear();
    const Value* classes = terms.attribute("dataClasses");
    const Value* names = classes == nullptr ? nullptr : classes->attribute("names");
    // Behind the variables there may be "(weights)" and the like.
    if (names == nullptr || names->texts.size() < count_) return;
    names_ = rdata::strings(*names);
    names_.resize(count_);
  }

  std::size_t count_ = 0;
  std::span<const rdata::Named> plain_;
  std::span<const rdata::Named> expressions_;
  std::size_t response_ = 0;  // from 1; 0: none
  std::vector<std::size_t> offsets_;
  std::vector<std::string> labels_;
  std::vector<std::int32_t> factors_;  // variables x terms
  std::vector<std::string> names_;
  bool has_intercept_ = true;
};

FeatureKind kind_of(const std::string& r_class, bool has_levels) {
  if (r_class == "ordered") return FeatureKind::ordered;
  if (r_class == "factor" || r_class == "character" || has_levels) return FeatureKind::factor;
  return r_class == "logical" ? FeatureKind::logical : FeatureKind::number;
}

std::string class_of(FeatureKind kind) {
  return kind == FeatureKind::number ? "numeric" : std::string(feature_kind_name(kind));
}

Result<VariablePlan> read_variable(const Attributes& attributes, std::size_t i, std::string name,
                                   const std::vector<TermVariable>& recorded, const Value* xlevels) {
  VariablePlan plan{.name = std::move(name),
                    .r_class = {},
                    .levels = {},
                    .na_level = {},
                    .column = {},
                    .expression = {},
                    .matrix = {}};
  plan.is_used = attributes.is_in_a_term(i);
  plan.r_class = recorded_class(recorded, plan.name);
  const Value* levels = xlevels == nullptr ? nullptr : rdata::member(*xlevels, plan.name);
  if (levels != nullptr && levels->kind == Kind::character) {
    plan.levels = rdata::strings(*levels);
    for (std::size_t level = 0; level < levels->texts.size(); ++level)
      if (levels->texts[level].is_na) plan.na_level = level;
  }
  plan.kind = kind_of(plan.r_class, levels != nullptr);
  if (plan.r_class.empty()) plan.r_class = class_of(plan.kind);
  if (plan.is_factor() && plan.levels.empty() && plan.is_used)
    return Error{Code::corrupt, "the model keeps no levels (slot 'xlevels') of its factor '" + plan.name + "'"};
  auto expression = to_expression(attributes.expression(i));
  if (!expression.ok())
    return with_context("the model's formula has '" + plan.name + "'", std::move(expression).error());
  SCORIA_TRY_STATUS(Variables::understand(expression.value(), plan));
  if (plan.matrix && plan.is_factor())
    return Error{Code::corrupt, "the model's formula has '" + plan.name + "': a matrix cannot be a factor"};
  if (!plan.column.empty() && plan.r_class.starts_with("nmatrix"))
    return Error{Code::unsupported,
                 "the model's formula has '" + plan.name +
                     "', a matrix among the data; columns of a table are vectors: fit with its columns"};
  return plan;
}

Result<VariablePlan> read_offset(const Value& language, std::string name) {
  VariablePlan plan{.name = std::move(name),
                    .r_class = "numeric",
                    .levels = {},
                    .na_level = {},
                    .column = {},
                    .expression = {},
                    .matrix = {}};
  auto expression = to_expression(language);
  if (!expression.ok()) return with_context("the model's offset '" + plan.name + "'", std::move(expression).error());
  Expression value = expression.value();
  if (value->is_call("offset") && value->args.size() == 1) value = Expression(value->args[0].value);
  if (value->is_call("c") && value->args.size() > 1)
    return Error{Code::unsupported,
                 "the model's offset is given by the numbers of its training rows; use a column's name"};
  SCORIA_TRY_STATUS(Variables::understand(value, plan));
  if (plan.matrix)
    return Error{Code::unsupported, "the model's offset '" + plan.name + "' is a matrix, must be a vector"};
  return plan;
}

}  // namespace

Result<Terms> Terms::parse(const Value& terms, const Sources& sources) {
  SCORIA_TRY(attributes, Attributes::read(terms));
  const std::vector<TermVariable> recorded = term_variables(terms);
  auto state = std::make_unique<State>();
  std::vector<VariablePlan> plans;
  std::vector<VariablePlan> offsets;
  std::vector<std::string> matrix_names;
  std::vector<std::uint32_t> position(attributes.count(), 0);  // in the frame, of those that are in it
  for (std::size_t i = 0; i < attributes.count(); ++i) {
    if (attributes.is_response(i)) continue;
    SCORIA_TRY(name, attributes.name(i));
    if (attributes.is_offset(i)) {
      SCORIA_TRY(offset, read_offset(attributes.expression(i), name));
      offsets.push_back(std::move(offset));
      continue;
    }
    SCORIA_TRY(plan, read_variable(attributes, i, name, recorded, sources.xlevels));
    SCORIA_TRY(label, attributes.label(i));
    position[i] = static_cast<std::uint32_t>(plans.size());
    plans.push_back(std::move(plan));
    matrix_names.push_back(std::move(label));
  }
  const Value* given = sources.call == nullptr ? nullptr : rdata::member(*sources.call, "offset");
  if (given != nullptr && given->kind != Kind::null) {
    SCORIA_TRY(offset, read_offset(*given, "(offset)"));
    offsets.push_back(std::move(offset));
  }
  std::vector<CodedVariable> variables;
  for (const VariablePlan& plan : plans) {
    CodedVariable variable{.name = matrix_names[variables.size()], .levels = plan.levels, .column_names = {}};
    variable.is_factor = plan.is_factor() || plan.kind == FeatureKind::logical;
    variable.is_ordered = plan.kind == FeatureKind::ordered;
    if (plan.kind == FeatureKind::logical) variable.levels = {"FALSE", "TRUE"};
    if (plan.matrix) {
      variable.columns = plan.matrix->columns();
      variable.column_names = plan.matrix->column_names();
    }
    if (sources.contrasts != nullptr) variable.contrasts = rdata::member(*sources.contrasts, plan.name);
    state->names.push_back(plan.name);
    variables.push_back(std::move(variable));
  }
  std::vector<CodedTerm> coded_terms;
  for (std::size_t term = 0; term < attributes.labels().size(); ++term) {
    CodedTerm& coded = coded_terms.emplace_back(CodedTerm{attributes.labels()[term], {}});
    for (std::size_t i = 0; i < attributes.count(); ++i) {
      const std::int32_t code = attributes.code(i, term);
      if (code == 0 || attributes.is_response(i)) continue;
      if (attributes.is_offset(i)) return corrupt("factors", "must not have an offset in a term");
      coded.variables.emplace_back(position[i], code);
    }
    if (coded.variables.empty()) return corrupt("factors", "has no variable in the term '" + coded.label + "'");
  }
  if (sources.needs_matrix) {
    SCORIA_TRY(matrix, ModelMatrix::make(variables, std::move(coded_terms), attributes.has_intercept()));
    state->matrix = std::move(matrix);
  }
  SCORIA_TRY(made, Variables::make(std::move(plans), std::move(offsets), sources));
  state->variables = std::move(made);
  state->labels = attributes.labels();
  state->has_intercept = attributes.has_intercept();
  return Terms(std::move(state));
}

Terms::Terms(std::unique_ptr<const State> state) : state_(std::move(state)) {}
Terms::Terms(Terms&&) noexcept = default;
Terms& Terms::operator=(Terms&&) noexcept = default;
Terms::~Terms() = default;

const std::vector<Feature>& Terms::features() const { return state_->variables.features(); }
const std::vector<std::string>& Terms::variables() const { return state_->names; }
const std::vector<std::string>& Terms::columns() const { return state_->matrix.columns(); }
const std::vector<std::uint32_t>& Terms::assign() const { return state_->matrix.assign(); }
const std::vector<std::string>& Terms::labels() const { return state_->labels; }
bool Terms::has_intercept() const { return state_->has_intercept; }
bool Terms::has_offset() const { return state_->variables.has_offset(); }

Result<ModelFrame> Terms::frame(const table::Table& rows, std::size_t first_row) const {
  return state_->variables.frame(rows, first_row);
}

void Terms::fill(const ModelFrame& frame, std::size_t first, std::size_t count, std::span<double> out) const {
  state_->matrix.fill(frame, first, count, out);
}

}  // namespace scoria::model::terms
