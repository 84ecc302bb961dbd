#include "model/kernel_machine/sklearn_svm.h"

#include <cstdlib>
#include <limits>

#include "model/kernel_machine/svm.h"
#include "model/pipeline/sklearn_steps.h"

namespace scoria::model::kernel_machine {
namespace {

// Support vectors that were sparse become dense: a small file must not ask for much memory by its numbers alone.
constexpr std::uint64_t kMostDenseNumbers = 1 << 25;

struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;  // row by row
};

std::string size_text(std::uint64_t rows, std::uint64_t columns) {
  return std::to_string(rows) + " x " + std::to_string(columns);
}

// scipy's compressed rows, written out. Entries with the same place add up, as scipy has it.
Result<Matrix> read_compressed(const pickle::Object& object, std::string_view attribute) {
  SCORIA_TRY(sparse, object.object(attribute));
  const std::string name = sparse.name();
  if (!name.ends_with(".csr_matrix") && !name.ends_with(".csr_array")) {
    return object.corrupt(attribute, "is a " + name + ", must be an array or a csr_matrix");
  }
  SCORIA_TRY(shape, sparse.integers("_shape"));
  SCORIA_TRY(values, sparse.numbers("data"));
  SCORIA_TRY(columns, sparse.integers("indices"));
  SCORIA_TRY(starts, sparse.integers("indptr"));
  if (shape.size() != 2 || shape[0] < 0 || shape[1] < 0) return object.corrupt(attribute, "has a shape that is none");
  const auto rows = static_cast<std::uint64_t>(shape[0]);
  const auto width = static_cast<std::uint64_t>(shape[1]);
  if (starts.empty() || starts.size() - 1 != rows || values.size() != columns.size()) {
    return object.corrupt(attribute, "has parts of sizes that do not agree");
  }
  if (width != 0 && rows > kMostDenseNumbers / width) {
    return Error{Code::too_large, object.name() + ": attribute '" + std::string(attribute) + "' is sparse, " +
                                      size_text(rows, width) + "; written out these are more numbers than the " +
                                      std::to_string(kMostDenseNumbers) + " that are taken"};
  }
  Matrix matrix{.rows = rows, .columns = width, .values = std::vector<double>(rows * width)};
  for (std::uint64_t row = 0; row < rows; ++row) {
    if (starts[row] < 0 || starts[row + 1] < starts[row] ||
        static_cast<std::uint64_t>(starts[row + 1]) > values.size()) {
      return object.corrupt(attribute, "has an indptr that leads out of its data");
    }
    for (auto at = static_cast<std::size_t>(starts[row]); at < static_cast<std::size_t>(starts[row + 1]); ++at) {
      if (columns[at] < 0 || static_cast<std::uint64_t>(columns[at]) >= width) {
        return object.corrupt(attribute, "has column " + std::to_string(columns[at]) + " of " + std::to_string(width));
      }
      matrix.values[row * width + static_cast<std::size_t>(columns[at])] += values[at];
    }
  }
  return matrix;
}

// An array with two dimensions, or a sparse one.
Result<Matrix> read_matrix(const pickle::Object& object, std::string_view attribute) {
  SCORIA_TRY(value, object.get(attribute));
  if (value->kind == pickle::Kind::record) return read_compressed(object, attribute);
  SCORIA_TRY(array, object.array(attribute));
  if (array->shape.size() != 2) {
    return object.corrupt(attribute,
                          "has the shape " + pickle::shape_text(array->shape) + ", must have two dimensions");
  }
  SCORIA_TRY(values, object.numbers(attribute));
  return Matrix{.rows = array->shape[0], .columns = array->shape[1], .values = std::move(values)};
}

Result<double> read_gamma(const pickle::Object& object, std::size_t columns) {
  if (object.find("_gamma") != nullptr) return object.number("_gamma");
  SCORIA_TRY(gamma, object.get("gamma"));
  if (!pickle::is_text(*gamma)) return object.number("gamma");
  if (pickle::is_text(*gamma, "auto") && columns > 0) return 1.0 / static_cast<double>(columns);
  return object.corrupt("_gamma", "is absent, and gamma = " + pickle::brief(*gamma) + " needs it");
}

Result<Kernel> read_kernel(const pickle::Object& object, std::size_t columns) {
  SCORIA_TRY(given, object.get("kernel"));
  if (!pickle::is_text(*given)) {
    return Error{Code::unsupported,
                 object.name() + ": the kernel is the function " + pickle::brief(*given) +
                     ", and no function of a file is called; kernels that are read: linear, poly, rbf, sigmoid"};
  }
  Kernel kernel;
  if (pickle::is_text(*given, "linear")) {
    kernel.kind = KernelKind::linear;
    return kernel;
  }
  if (pickle::is_text(*given, "poly")) {
    kernel.kind = KernelKind::poly;
  } else if (pickle::is_text(*given, "sigmoid")) {
    kernel.kind = KernelKind::sigmoid;
  } else if (!pickle::is_text(*given, "rbf")) {
    return Error{Code::unsupported, object.name() + ": the kernel " + pickle::brief(*given) +
                                        " is not read; those that are: linear, poly, rbf, sigmoid"};
  }
  SCORIA_TRY(gamma, read_gamma(object, columns));
  kernel.gamma = gamma;
  if (kernel.kind == KernelKind::rbf) return kernel;
  SCORIA_TRY(coef0, object.number("coef0"));
  kernel.coef0 = coef0;
  if (kernel.kind == KernelKind::sigmoid) return kernel;
  SCORIA_TRY(degree, object.number("degree"));
  // Until 1.2 it could be 2.5, which libsvm takes as 2.
  if (!(degree >= 0 && degree <= std::numeric_limits<int>::max())) {
    return object.corrupt("degree", "is " + std::to_string(degree) + ", must be at least 0");
  }
  kernel.degree = static_cast<int>(degree);
  return kernel;
}

// From 0.24 on scikit-learn adds up by BLAS, but for machines fitted on sparse rows.
Adding adding_of(const pickle::Object& object) {
  const pickle::Value* vectors = object.find("support_vectors_");
  if (vectors == nullptr || vectors->kind == pickle::Kind::record) return Adding::one_by_one;
  const std::string version = pickle::sklearn_version(object.value());
  const bool is_old = version.empty() || (version.starts_with("0.") && std::atoi(version.c_str() + 2) < 24);
  return is_old ? Adding::one_by_one : Adding::in_parts;
}

// The vectors of each class. Only of classifiers: for the others, files of scikit-learn 0.19 hold here what was in memory.
Status read_counts(const pickle::Object& object, std::size_t vectors, StoredMachine& machine) {
  SCORIA_TRY(counts, object.integers("_n_support"));
  if (counts.size() != machine.classes) {
    return object.corrupt("_n_support", "has " + std::to_string(counts.size()) +
                                            " numbers, must have one for each of " + std::to_string(machine.classes) +
                                            " classes");
  }
  std::uint64_t sum = 0;
  for (const std::int64_t count : counts) {
    if (count < 0 || static_cast<std::uint64_t>(count) > vectors) {
      return object.corrupt("_n_support",
                            "has " + std::to_string(count) + " of " + std::to_string(vectors) + " support vectors");
    }
    sum += static_cast<std::uint64_t>(count);
    machine.class_counts.push_back(static_cast<std::uint32_t>(count));
  }
  if (sum != vectors) {
    return object.corrupt("_n_support",
                          "counts " + std::to_string(sum) + " support vectors, must count " + std::to_string(vectors));
  }
  return Ok{};
}

// Platt's numbers, where the machine was fitted with them.
Status read_platt(const pickle::Object& object, std::string_view attribute, std::size_t pairs,
                  std::vector<double>& out) {
  if (object.find(attribute) == nullptr) return Ok{};
  SCORIA_TRY(numbers, object.numbers(attribute));
  if (!numbers.empty() && numbers.size() != pairs) {
    return object.corrupt(attribute,
                          "has " + std::to_string(numbers.size()) + " numbers, must have " + std::to_string(pairs));
  }
  out = std::move(numbers);
  return Ok{};
}

// All that the tasks share. `_dual_coef_` and `_intercept_` are libsvm's own; those without the first underscore have another sign where
// there are two classes.
Result<StoredMachine> read_machine(const pickle::Object& object, std::size_t classes) {
  StoredMachine machine;
  machine.classes = classes;
  // Asked first: a machine with a kernel of its own keeps no support vectors, which says less.
  SCORIA_TRY(vectors, read_matrix(object, "support_vectors_"));
  SCORIA_TRY(kernel, read_kernel(object, vectors.columns));
  machine.kernel = kernel;
  machine.kernel.adding = adding_of(object);
  if (vectors.columns == 0 || vectors.columns > kMostColumns) {
    return object.corrupt("support_vectors_", "has " + std::to_string(vectors.columns) + " columns, must have 1 to " +
                                                  std::to_string(kMostColumns));
  }
  SCORIA_TRY(coefficients, read_matrix(object, "_dual_coef_"));
  const std::size_t rows = classes == 0 ? 1 : classes - 1;
  if (coefficients.rows != rows || coefficients.columns != vectors.rows) {
    return object.corrupt("_dual_coef_", "is " + size_text(coefficients.rows, coefficients.columns) + ", must be " +
                                             size_text(rows, vectors.rows));
  }
  SCORIA_TRY(intercepts, object.numbers("_intercept_"));
  const std::size_t sums = classes == 0 ? 1 : classes * (classes - 1) / 2;
  if (intercepts.size() != sums) {
    return object.corrupt("_intercept_",
                          "has " + std::to_string(intercepts.size()) + " numbers, must have " + std::to_string(sums));
  }
  machine.dimensions = vectors.columns;
  machine.vectors = std::move(vectors.values);
  machine.coefficients = std::move(coefficients.values);
  for (const double intercept : intercepts) machine.rho.push_back(-intercept);
  if (classes != 0) {
    SCORIA_TRY_STATUS(read_counts(object, vectors.rows, machine));
    SCORIA_TRY_STATUS(read_platt(object, "_probA", sums, machine.prob_a));
    SCORIA_TRY_STATUS(read_platt(object, "_probB", sums, machine.prob_b));
  }
  if (Status checked = check(machine.view()); !checked.ok())
    return with_context(object.name(), std::move(checked).error());
  return machine;
}

Result<pipeline::Step> make_step(const pickle::Object& object, StoredMachine machine, SvmRules rules) {
  const std::string name = object.name();
  rules.class_name = name.substr(name.rfind('.') + 1);
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, machine.dimensions, step));
  step.predictor = std::make_shared<Svm>(std::move(machine), std::move(rules));
  return step;
}

}  // namespace

Result<pipeline::Step> load_one_class_svm(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  SCORIA_TRY(machine, read_machine(object, 0));
  SvmRules rules{.task = SvmTask::one_class};
  rules.offset = machine.rho[0];  // offset_, which 0.19 does not keep, is minus the intercept
  return make_step(object, std::move(machine), std::move(rules));
}

Result<pipeline::Step> load_svc(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  SvmRules rules{.task = SvmTask::classification};
  SCORIA_TRY(labels, pipeline::ClassLabels::read(object));
  // A pair of classes has an intercept: of more classes than this they would not fit into a file.
  constexpr std::size_t kMostClasses = 1 << 16;
  if (labels.size() < 2 || labels.size() > kMostClasses) {
    return object.corrupt("classes_", "has " + std::to_string(labels.size()) + " labels, must have at least 2");
  }
  SCORIA_TRY(machine, read_machine(object, labels.size()));
  rules.labels = labels;
  if (object.find("decision_function_shape") != nullptr) {
    SCORIA_TRY(shape, object.text("decision_function_shape"));
    if (shape != "ovr" && shape != "ovo") {
      return object.corrupt("decision_function_shape", "is '" + shape + "', must be 'ovr' or 'ovo'");
    }
    rules.one_against_rest = shape == "ovr";
  } else {
    rules.one_against_rest = false;  // None, the default until 0.18
  }
  if (object.find("break_ties") != nullptr) {
    SCORIA_TRY(breaks, object.truth("break_ties"));
    rules.breaks_ties = breaks;
  }
  return make_step(object, std::move(machine), std::move(rules));
}

Result<pipeline::Step> load_svr(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  SCORIA_TRY(machine, read_machine(object, 0));
  return make_step(object, std::move(machine), {.task = SvmTask::regression});
}

}  // namespace scoria::model::kernel_machine
