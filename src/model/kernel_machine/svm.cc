#include "model/kernel_machine/svm.h"

#include <cmath>

#include "model/class_columns.h"
#include "model/kernel_machine/pairs.h"
#include "model/pipeline/numbers.h"

namespace scoria::model::kernel_machine {
namespace {

std::string kernel_text(const Machine& machine) {
  const Kernel& kernel = machine.kernel;
  switch (kernel.kind) {
    case KernelKind::linear: return "linear";
    case KernelKind::poly: return "polynomial of degree " + std::to_string(kernel.degree);
    case KernelKind::rbf: return "radial";
    case KernelKind::sigmoid: return "sigmoid";
  }
  throw_bug(__FILE__, __LINE__, "a known KernelKind");
}

// The values of one row side by side.
void gather(const NumberColumns& values, std::size_t row, std::vector<double>& out) {
  for (std::size_t p = 0; p < values.size(); ++p) out[p] = values[p][row];
}

// Whether another way to round could make another one the largest.
bool is_close(std::span<const double> values) {
  constexpr double kClose = 1e-9;
  double largest = values[0];
  double second = -HUGE_VAL;
  for (const double x : values.subspan(1)) {
    second = std::max(second, std::min(x, largest));
    largest = std::max(largest, x);
  }
  return !(largest - second > kClose);
}

}  // namespace

void Svm::describe(Description& description) const {
  const Machine machine = machine_.view();
  description.details.emplace_back("kernel", kernel_text(machine));
  description.details.emplace_back("support vectors", std::to_string(machine.count()));
  description.types = {"predict"};
  if (rules_.task == SvmTask::regression) return;
  description.types.emplace_back("decision");
  if (rules_.task == SvmTask::one_class) {
    description.types.emplace_back("score");
    description.flags = true;
    return;
  }
  description.labels = rules_.labels->names();
  if (machine.prob_a.empty()) return;
  description.types.emplace_back("proba");
  description.types.emplace_back("log_proba");
}

bool Svm::decides_by_class() const { return rules_.one_against_rest && machine_.classes > 2; }

NumberColumns Svm::by_class(const NumberColumns& values) const {
  const std::size_t rows = values[0].size();
  NumberColumns out(machine_.classes, std::vector<double>(rows));
  std::vector<double> pairs(values.size());
  std::vector<double> decisions(machine_.classes);
  for (std::size_t row = 0; row < rows; ++row) {
    gather(values, row, pairs);
    one_against_rest(machine_.classes, pairs.data(), 1, decisions.data(), 1);
    for (std::size_t k = 0; k < decisions.size(); ++k) out[k][row] = decisions[k];
  }
  return out;
}

Result<table::ColumnPtr> Svm::classes(const FeatureMatrix& rows, const NumberColumns& values) const {
  if (rules_.breaks_ties && !rules_.one_against_rest) {
    return Error{Code::invalid, rules_.class_name +
                                    " was made with break_ties = True and decision_function_shape = 'ovo', for which "
                                    "scikit-learn refuses to predict; the type decision can be had"};
  }
  const bool largest_wins = rules_.breaks_ties && decides_by_class();
  const Machine machine = machine_.view();
  std::vector<std::int32_t> chosen(rows.rows);
  std::vector<double> pairs(values.size());
  std::vector<double> decisions(machine_.classes);
  for (std::size_t row = 0; row < rows.rows; ++row) {
    gather(values, row, pairs);
    if (!largest_wins) {
      chosen[row] = static_cast<std::int32_t>(voted_class(machine_.classes, pairs.data(), 1));
      continue;
    }
    one_against_rest(machine_.classes, pairs.data(), 1, decisions.data(), 1);
    if (is_close(decisions)) {
      exact_values(machine, rows.columns, row, pairs.data());
      one_against_rest(machine_.classes, pairs.data(), 1, decisions.data(), 1);
    }
    chosen[row] = static_cast<std::int32_t>(std::max_element(decisions.begin(), decisions.end()) - decisions.begin());
  }
  return rules_.labels->column(std::move(chosen));
}

NumberColumns Svm::probabilities(const NumberColumns& values, bool logarithm) const {
  const std::size_t rows = values[0].size();
  NumberColumns out(machine_.classes, std::vector<double>(rows));
  std::vector<double> pairs(values.size());
  std::vector<double> of_row(machine_.classes);
  for (std::size_t row = 0; row < rows; ++row) {
    gather(values, row, pairs);
    class_probabilities(machine_.classes, pairs.data(), 1, machine_.prob_a, machine_.prob_b, TwoClasses::coupled,
                        of_row);
    for (std::size_t k = 0; k < of_row.size(); ++k) out[k][row] = logarithm ? std::log(of_row[k]) : of_row[k];
  }
  return out;
}

// libsvm counts towards the first class of a pair, scikit-learn towards the second where there is one pair.
void Svm::add_decisions(NumberColumns values, table::Table& out) const {
  if (rules_.task == SvmTask::classification && machine_.classes == 2) {
    for (double& x : values[0]) x = -x;
  } else if (rules_.task == SvmTask::classification && decides_by_class()) {
    return add_numbers("decision", rules_.labels->names(), by_class(values), out);
  } else if (rules_.task == SvmTask::classification) {
    std::vector<std::string> numbers;
    for (std::size_t p = 0; p < values.size(); ++p) numbers.push_back(std::to_string(p));
    return add_numbers("decision", numbers, std::move(values), out);
  }
  add_numbers("decision", {}, std::move(values), out);
}

table::ColumnPtr Svm::flags(const NumberColumns& values) const {
  std::vector<std::int32_t> inside;
  for (const double x : values[0]) inside.push_back(x > 0 ? 1 : -1);
  return table::Column::integer(std::move(inside));
}

Result<Prediction> Svm::predict(const table::Table& columns, const Request& request, Executor& executor) const {
  SCORIA_TRY(rows, pipeline::to_numbers(columns, {}, rules_.class_name, request.first_row));
  SCORIA_TRY(values, decide(machine_.view(), rows, request.simd, executor));
  Prediction prediction{table::Table(rows.rows), {}};
  for (const std::string& type : request.types) {
    if (type == "decision") {
      add_decisions(values, prediction.table);
    } else if (type == "score") {
      NumberColumns scores = values;
      for (double& x : scores[0]) x += rules_.offset;
      add_numbers("score", {}, std::move(scores), prediction.table);
    } else if (type == "proba" || type == "log_proba") {
      add_numbers(type, rules_.labels->names(), probabilities(values, type == "log_proba"), prediction.table);
    } else if (rules_.task == SvmTask::one_class) {
      prediction.table.add(type, flags(values));
    } else if (rules_.task == SvmTask::regression) {
      add_numbers(type, {}, values, prediction.table);
    } else {
      SCORIA_TRY(chosen, classes(rows, values));
      prediction.table.add(type, chosen);
    }
  }
  return prediction;
}

}  // namespace scoria::model::kernel_machine
