#include "model/kernel_machine/r_svm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <span>
#include <utility>

#include "base/na.h"
#include "model/kernel_machine/r_svm_model.h"
#include "model/kernel_machine/r_svm_names.h"
#include "model/r_matrix.h"

namespace scoria::model::kernel_machine {
namespace {

using rdata::Kind;
using rdata::Value;

// A sparse matrix is written out in full: a small file must not ask for much memory. 1 GB of numbers.
constexpr std::size_t kMostNumbers = std::size_t{1} << 27;

constexpr std::string_view kTypes[] = {"C-classification", "nu-classification", "one-classification", "eps-regression",
                                       "nu-regression"};
constexpr std::string_view kKernels[] = {"linear", "polynomial", "radial", "sigmoid"};
constexpr KernelKind kKinds[] = {KernelKind::linear, KernelKind::poly, KernelKind::rbf, KernelKind::sigmoid};

// The support vectors, row by row.
struct Vectors {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;
  std::vector<std::string> column_names;
};

Result<std::vector<std::int32_t>> whole_numbers(const RObject& object, const Value& matrix, const char* slot) {
  const Value* value = matrix.attribute(slot);
  const std::string where = std::string("SV@") + slot;
  if (value == nullptr) return object.corrupt(where, "is absent");
  std::vector<std::int32_t> whole;
  for (const double x : to_numbers(*value)) {
    if (!(std::fabs(x) <= std::numeric_limits<std::int32_t>::max()) || x != std::floor(x))
      return object.corrupt(where, "holds a number that is not a whole one");
    whole.push_back(static_cast<std::int32_t>(x));
  }
  return whole;
}

// SparseM's matrix.csr: the numbers `ra` of row i stand at ia[i], ..., ia[i + 1] - 1, in the columns `ja`; all count from 1.
Result<Vectors> read_sparse(const RObject& object, const Value& matrix) {
  const Value* ra = matrix.attribute("ra");
  if (ra == nullptr || ra->kind != Kind::real) return object.corrupt("SV@ra", "must be the numbers of a sparse matrix");
  SCORIA_TRY(ia, whole_numbers(object, matrix, "ia"));
  SCORIA_TRY(ja, whole_numbers(object, matrix, "ja"));
  SCORIA_TRY(dimension, whole_numbers(object, matrix, "dimension"));
  if (dimension.size() != 2 || dimension[0] < 0 || dimension[1] < 1)
    return object.corrupt("SV@dimension", "must be the numbers of rows and columns");
  Vectors vectors{.rows = static_cast<std::size_t>(dimension[0]),
                  .columns = static_cast<std::size_t>(dimension[1]),
                  .values = {},
                  .column_names = {}};
  if (dimension[1] > kMostColumns || vectors.columns > kMostNumbers / std::max<std::size_t>(vectors.rows, 1)) {
    return Error{Code::too_large, "svm object: its sparse support vectors have " + std::to_string(dimension[0]) +
                                      " rows and " + std::to_string(dimension[1]) + " columns; at most " +
                                      std::to_string(kMostColumns) + " columns and " + std::to_string(kMostNumbers) +
                                      " numbers are taken"};
  }
  if (ia.size() != vectors.rows + 1 || ia[0] != 1 || ja.size() != ra->reals.size() ||
      ia.back() != static_cast<std::int64_t>(ja.size()) + 1)
    return object.corrupt("SV@ia", "must have a position for each row, from 1 to the end of 'ra' and 'ja'");
  vectors.values.resize(vectors.rows * vectors.columns);
  for (std::size_t row = 0; row < vectors.rows; ++row) {
    if (ia[row] > ia[row + 1]) return object.corrupt("SV@ia", "must not go down");
    std::int32_t last = 0;
    for (std::int32_t at = ia[row]; at < ia[row + 1]; ++at) {
      // They rise from 1 to the length of ja, and stay in it: each step was seen not to go down, and the last is the end.
      const auto i = static_cast<std::size_t>(at - 1);
      if (i >= ja.size() || ja[i] <= last || ja[i] > dimension[1])
        return object.corrupt("SV@ja", "must name columns of the matrix, rising within a row");
      last = ja[i];
      vectors.values[row * vectors.columns + static_cast<std::size_t>(last - 1)] = ra->reals[i];
    }
  }
  return vectors;
}

Result<Vectors> read_vectors(const RObject& object, bool is_sparse) {
  const Value* value = object.find("SV");
  if (value == nullptr) return object.corrupt("SV", "is absent");
  if (is_sparse) return read_sparse(object, *value);
  SCORIA_TRY(matrix, read_matrix(*value, object, "SV"));
  if (matrix.columns == 0) return object.corrupt("SV", "has no columns");
  Vectors vectors{.rows = matrix.rows, .columns = matrix.columns, .values = {}, .column_names = matrix.column_names};
  vectors.values.resize(matrix.values.size());
  for (std::size_t row = 0; row < matrix.rows; ++row) {
    for (std::size_t column = 0; column < matrix.columns; ++column)
      vectors.values[row * matrix.columns + column] = matrix.at(row, column);
  }
  return vectors;
}

Result<bool> flag(const RObject& object, std::string_view slot) {
  if (object.find(slot) == nullptr) return false;
  SCORIA_TRY(value, object.number(slot));
  return value != 0 && !std::isnan(value);
}

Result<std::size_t> choice(const RObject& object, std::string_view slot, std::size_t count) {
  SCORIA_TRY(value, object.integer(slot));
  if (value < 0 || static_cast<std::size_t>(value) >= count)
    return object.corrupt(slot, "is " + std::to_string(value) + ", must be 0 to " + std::to_string(count - 1));
  return static_cast<std::size_t>(value);
}

Result<Kernel> read_kernel(const RObject& object) {
  SCORIA_TRY(kind, choice(object, "kernel", std::size(kKinds)));
  SCORIA_TRY(gamma, object.number("gamma"));
  SCORIA_TRY(coef0, object.number("coef0"));
  SCORIA_TRY(degree, object.number("degree"));
  // R passes as.integer(degree).
  if (!(degree >= 0 && degree <= std::numeric_limits<std::int32_t>::max()))
    return object.corrupt("degree", "must be a number from 0 on");
  return Kernel{.kind = kKinds[kind], .gamma = gamma, .coef0 = coef0, .degree = static_cast<int>(degree)};
}

// Which columns were scaled, and how. Neither is there where none was.
Status read_scales(const RObject& object, std::size_t columns, RSvmParts& parts) {
  if (object.find("scaled") == nullptr) return Ok{};
  SCORIA_TRY(scaled, object.integers("scaled"));
  if (scaled.empty() || scaled.size() > columns || std::count(scaled.begin(), scaled.end(), kNaInt) > 0)
    return object.corrupt("scaled", "must say for each column of 'SV' whether it was scaled");
  // R's logical index: fewer flags than columns begin again.
  for (std::size_t j = 0; j < columns; ++j)
    if (scaled[j % scaled.size()] != 0) parts.scaled.push_back(j);
  if (parts.scaled.empty()) return Ok{};
  SCORIA_TRY(by, object.object("x.scale"));
  SCORIA_TRY(centers, by.numbers("scaled:center"));
  SCORIA_TRY(scales, by.numbers("scaled:scale"));
  if (centers.size() != parts.scaled.size() || scales.size() != parts.scaled.size())
    return object.corrupt("x.scale", "must have a center and a scale for each column that 'scaled' names");
  for (std::size_t j = 0; j < centers.size(); ++j) {
    if (!std::isfinite(centers[j]) || !std::isfinite(scales[j]) || scales[j] == 0)
      return object.corrupt("x.scale", "has a center or a scale that is not finite, or a scale of 0");
    parts.scales.push_back({centers[j], scales[j]});
  }
  if (parts.kind != RSvmParts::Kind::regression || object.find("y.scale") == nullptr) return Ok{};
  SCORIA_TRY(response, object.object("y.scale"));
  SCORIA_TRY(center, response.number("scaled:center"));
  SCORIA_TRY(scale, response.number("scaled:scale"));
  if (!std::isfinite(center) || !std::isfinite(scale))
    return object.corrupt("y.scale", "has a number that is not finite");
  parts.response = {center, scale};
  return Ok{};
}

Status read_classes(const RObject& object, RSvmParts& parts) {
  SCORIA_TRY(classes, object.integer("nclasses"));
  SCORIA_TRY(levels, object.strings("levels"));
  SCORIA_TRY(labels, object.integers("labels"));
  SCORIA_TRY(counts, object.integers("nSV"));
  if (classes < 2 || static_cast<std::size_t>(classes) > levels.size())
    return object.corrupt("nclasses", "is " + std::to_string(classes) + ", must be 2 to the number of 'levels'");
  const auto count = static_cast<std::size_t>(classes);
  const std::set<std::int32_t> distinct(labels.begin(), labels.end());
  if (labels.size() != count || distinct.size() != count || *distinct.begin() < 1 ||
      static_cast<std::size_t>(*distinct.rbegin()) > levels.size())
    return object.corrupt("labels", "must have a different level for each class");
  if (counts.size() != count || *std::min_element(counts.begin(), counts.end()) < 0)
    return object.corrupt("nSV", "must have a number of support vectors for each class");
  for (const std::int32_t label : labels) parts.labels.push_back(static_cast<std::uint32_t>(label - 1));
  parts.machine.class_counts.assign(counts.begin(), counts.end());
  parts.machine.classes = count;
  parts.levels = std::move(levels);
  SCORIA_TRY(has_probabilities, flag(object, "compprob"));
  if (!has_probabilities) return Ok{};
  SCORIA_TRY(prob_a, object.numbers("probA"));
  SCORIA_TRY(prob_b, object.numbers("probB"));
  if (prob_a.empty()) return object.corrupt("probA", "is empty, must have a number for each pair of classes");
  parts.machine.prob_a = std::move(prob_a);
  parts.machine.prob_b = std::move(prob_b);
  return Ok{};
}

Status read_machine(const RObject& object, Vectors& vectors, RSvmParts& parts) {
  StoredMachine& machine = parts.machine;
  SCORIA_TRY(kernel, read_kernel(object));
  machine.kernel = kernel;
  SCORIA_TRY(rho, object.numbers("rho"));
  SCORIA_TRY(coefficients, read_matrix(object, "coefs"));
  const std::size_t rows = machine.classes == 0 ? 1 : machine.classes - 1;
  if (coefficients.rows != vectors.rows || coefficients.columns != rows)
    return object.corrupt("coefs", "must have a row for each of 'SV' and " + std::to_string(rows) + " columns");
  machine.rho = std::move(rho);
  machine.coefficients = std::move(coefficients.values);
  machine.dimensions = vectors.columns;
  machine.vectors = std::move(vectors.values);
  Status fits = check(machine.view());
  if (fits.ok()) return fits;
  return Error{Code::corrupt, "svm object: it " + fits.error().message};
}

// The fit's names as a list of R, for terms::Terms.
class LevelList {
 public:
  explicit LevelList(const SvmLevels& levels) {
    const std::size_t count = levels.factors().size();
    texts_.reserve(count);  // values point into them
    values_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      const FactorLevels& factor = levels.factors()[i];
      values_[i].kind = Kind::character;
      values_[i].texts = texts_.emplace_back(to_texts(factor.levels));
      items_.push_back(&values_[i]);
      names_.push_back({factor.variable, rdata::Encoding::utf8, false});
    }
    names_value_.kind = Kind::character;
    names_value_.texts = names_;
    named_ = {"names", &names_value_};
    list_.kind = Kind::list;
    list_.items = items_;
    list_.attributes = std::span(&named_, 1);
  }
  LevelList(const LevelList&) = delete;
  LevelList& operator=(const LevelList&) = delete;
  const Value& value() const { return list_; }

 private:
  static std::vector<rdata::Text> to_texts(const std::vector<std::string>& strings) {
    std::vector<rdata::Text> texts;
    for (const std::string& string : strings) texts.push_back({string, rdata::Encoding::utf8, false});
    return texts;
  }
  std::vector<std::vector<rdata::Text>> texts_;
  std::vector<Value> values_;
  std::vector<const Value*> items_;
  std::vector<rdata::Text> names_;
  Value names_value_;
  rdata::Named named_;
  Value list_;
};

bool are_generated(const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] != "X" + std::to_string(i + 1)) return false;
  return true;
}

Design columns_design(const Vectors& vectors) {
  // data.frame() calls the columns of a matrix without names X1, X2, ..., as.data.frame() and read.csv() V1, V2, ...
  if (are_generated(vectors.column_names)) return Design::of_positions(vectors.column_names, vectors.columns);
  return Design::of_columns(vectors.column_names, vectors.columns);
}

// Whether the columns that the formula gives are those of the support vectors: then its levels were read back rightly.
Status compare_names(const RObject& object, const std::vector<std::string>& made, const Vectors& vectors,
                     bool are_valid) {
  if (made.size() != vectors.columns) {
    return object.corrupt("SV", "has " + std::to_string(vectors.columns) + " columns, and the formula gives " +
                                    std::to_string(made.size()));
  }
  if (vectors.column_names.empty()) return Ok{};
  std::vector<std::string> names{"y"};  // what svm.default() calls the response beside them
  names.insert(names.end(), made.begin(), made.end());
  if (are_valid) names = valid_distinct_names(names);
  for (std::size_t j = 0; j < made.size(); ++j) {
    if (names[j + 1] == vectors.column_names[j] || made[j].find("(first)") != std::string::npos) continue;
    return Error{Code::unsupported, "svm object: column " + std::to_string(j + 1) + " of slot 'SV' is called '" +
                                        vectors.column_names[j] + "', and the formula calls it '" + names[j + 1] +
                                        "': factors are read as R codes them by default (contr.treatment, contr.poly)"};
  }
  return Ok{};
}

Result<Design> formula_design(const RObject& object, const Vectors& vectors, RSvmParts& parts) {
  const Value* terms = object.find("terms");
  if (terms == nullptr) return object.corrupt("terms", "is absent");
  // Without a response svm.default() leaves the names as they are.
  const Value* response = terms->attribute("response");
  const bool are_valid = response != nullptr && to_numbers(*response) != std::vector<double>{0};
  SCORIA_TRY(levels, SvmLevels::read(*terms, vectors.column_names, are_valid));
  const LevelList list(levels);
  SCORIA_TRY(design, Design::of_formula(object, Intercept::keep, &list.value()));
  SCORIA_TRY_STATUS(compare_names(object, design.names(), vectors, are_valid));
  parts.factors = std::move(levels);
  return design;
}

Description describe(const Value& value, const RSvmParts& parts, const Design& design, std::size_t type,
                     std::size_t kernel) {
  Description description;
  description.family = "svm";
  description.title = "svm: " + std::string(kTypes[type]) + ", " + std::string(kKernels[kernel]) + " kernel";
  description.package = "e1071";
  description.classes = rdata::classes(value);
  design.describe(description);
  parts.factors.describe(description);
  const Machine machine = parts.machine.view();
  description.details = {{"support vectors", std::to_string(machine.count())},
                         {"columns", std::to_string(machine.dimensions)},
                         {"scaled", std::to_string(parts.scaled.size())}};
  if (parts.is_sparse) description.details.emplace_back("fitted to", "a sparse matrix");
  switch (parts.kind) {
    case RSvmParts::Kind::one_class: description.types = {"inlier", "decision"}; break;
    case RSvmParts::Kind::regression: description.types = {"response", "decision"}; break;
    case RSvmParts::Kind::classes:
      description.types = {"class", "decision"};
      description.labels = parts.levels;
      if (machine.prob_a.empty()) break;
      description.types.emplace_back("prob");
      description.parameters.push_back(
          {"probability",
           "TRUE: `class` is the most probable one, as R's predict(probability = TRUE) gives; FALSE: the "
           "one with most votes, as predict() gives; default: TRUE where `prob` is asked for too"});
      break;
  }
  return description;
}

}  // namespace

Result<ModelPtr> load_r_svm(const Value& value) {
  const RObject object(value, "svm object");
  SCORIA_TRY(type, choice(object, "type", std::size(kTypes)));
  SCORIA_TRY(kernel, choice(object, "kernel", std::size(kKernels)));
  RSvmParts parts;
  parts.kind = type < 2    ? RSvmParts::Kind::classes
               : type == 2 ? RSvmParts::Kind::one_class
                           : RSvmParts::Kind::regression;
  SCORIA_TRY(is_sparse, flag(object, "sparse"));
  parts.is_sparse = is_sparse;
  SCORIA_TRY(count, object.integer("tot.nSV"));
  if (count == 0) {
    return Error{Code::unsupported,
                 "svm object: it has no support vectors; R's predict() stops too (\"Model is empty!\")"};
  }
  SCORIA_TRY(vectors, read_vectors(object, is_sparse));
  if (count < 0 || static_cast<std::size_t>(count) != vectors.rows)
    return object.corrupt(
        "tot.nSV", "is " + std::to_string(count) + ", and slot 'SV' has " + std::to_string(vectors.rows) + " rows");
  if (parts.kind == RSvmParts::Kind::classes) SCORIA_TRY_STATUS(read_classes(object, parts));
  SCORIA_TRY_STATUS(read_scales(object, vectors.columns, parts));
  auto made = rdata::inherits(value, "svm.formula") ? formula_design(object, vectors, parts)
                                                    : Result<Design>(columns_design(vectors));
  SCORIA_TRY(design, std::move(made));
  SCORIA_TRY_STATUS(read_machine(object, vectors, parts));
  Description description = describe(value, parts, design, type, kernel);
  return ModelPtr(std::make_shared<RSvmModel>(std::move(description), std::move(design), std::move(parts)));
}

}  // namespace scoria::model::kernel_machine
