#include "model/tree/r_rpart.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "base/na.h"
#include "model/features.h"
#include "model/r_object.h"
#include "model/terms/terms.h"
#include "model/tree/rpart.h"

namespace scoria::model::tree {
namespace {

using rdata::Kind;
using rdata::Value;
using terms::Terms;

// A numeric matrix by its columns, with the names of its rows where it has them.
struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;  // column-major
  std::vector<std::string> row_names;

  double at(std::size_t row, std::size_t column) const { return values[column * rows + row]; }
};

Result<Matrix> read_matrix(const RObject& object, std::string_view slot) {
  Matrix matrix;
  SCORIA_TRY(values, object.numbers(slot));
  const Value& value = *object.find(slot);
  const Value* dim = value.attribute("dim");
  const std::vector<double> size = dim == nullptr ? std::vector<double>{} : to_numbers(*dim);
  if (size.size() != 2 || !(size[0] >= 0) || !(size[1] >= 0) ||
      size[0] * size[1] != static_cast<double>(values.size())) {
    return object.corrupt(slot, "must be a matrix");
  }
  matrix.rows = static_cast<std::size_t>(size[0]);
  matrix.columns = static_cast<std::size_t>(size[1]);
  matrix.values = std::move(values);
  const Value* names = value.attribute("dimnames");
  if (names != nullptr && !names->items.empty()) matrix.row_names = rdata::strings(*names->items[0]);
  return matrix;
}

// The numbers of a data frame's rows, which R keeps as 1, 2, ..., n in the short form c(NA, -n).
Result<std::vector<std::int32_t>> row_numbers(const RObject& object, const Value& frame, std::size_t rows) {
  const Value* names = frame.attribute("row.names");
  std::vector<std::int32_t> numbers;
  if (names != nullptr && names->kind == Kind::character) {
    for (const rdata::Text& text : names->texts) {
      const std::string digits = rdata::utf8(text);
      const bool is_number = !digits.empty() && digits.size() <= 10 &&
                             std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
                             std::stoll(digits) <= INT32_MAX;
      if (!is_number) return object.corrupt("frame", "has a row named '" + digits + "', must be a node's number");
      numbers.push_back(std::stoi(digits));
    }
  } else if (names != nullptr) {
    const std::vector<double> given = to_numbers(*names);
    if (given.size() == 2 && std::isnan(given[0]) && std::fabs(given[1]) == static_cast<double>(rows)) {
      for (std::size_t i = 1; i <= rows; ++i) numbers.push_back(static_cast<std::int32_t>(i));
    }
    for (std::size_t i = 0; numbers.size() < rows && i < given.size(); ++i) {
      if (!(given[i] >= 1 && given[i] <= INT32_MAX) || given[i] != std::floor(given[i])) break;
      numbers.push_back(static_cast<std::int32_t>(given[i]));
    }
  }
  if (numbers.size() != rows) return object.corrupt("frame", "has row names that are not its nodes' numbers");
  return numbers;
}

// The tree's slots as R keeps them, one element a node.
struct Frame {
  std::vector<std::string> variable;
  std::vector<std::int32_t> count;
  std::vector<std::int32_t> competitors;
  std::vector<std::int32_t> surrogates;
  RpartNodes nodes;
};

constexpr std::string_view kLeafVariable = "<leaf>";

Result<Frame> read_frame(const RObject& object) {
  SCORIA_TRY(table, object.object("frame"));
  Frame frame;
  SCORIA_TRY(variable, table.strings("var"));
  SCORIA_TRY(count, table.integers("n"));
  SCORIA_TRY(competitors, table.integers("ncompete"));
  SCORIA_TRY(surrogates, table.integers("nsurrogate"));
  SCORIA_TRY(value, table.numbers("yval"));
  if (variable.empty()) return table.corrupt("var", "is empty, must name each node's variable");
  for (const std::size_t size : {count.size(), competitors.size(), surrogates.size(), value.size()}) {
    if (size != variable.size()) return object.corrupt("frame", "has columns of different lengths");
  }
  SCORIA_TRY(numbers, row_numbers(object, *object.find("frame"), variable.size()));
  if (table.find("yval2") != nullptr) {
    SCORIA_TRY(matrix, read_matrix(table, "yval2"));
    if (matrix.rows != variable.size()) return table.corrupt("yval2", "must have a row for each node");
    for (std::size_t k = 0; k < matrix.columns; ++k) {
      const auto first = matrix.values.begin() + static_cast<std::ptrdiff_t>(k * matrix.rows);
      frame.nodes.matrix.emplace_back(first, first + static_cast<std::ptrdiff_t>(matrix.rows));
    }
  }
  frame.variable = std::move(variable);
  frame.count = std::move(count);
  frame.competitors = std::move(competitors);
  frame.surrogates = std::move(surrogates);
  frame.nodes.numbers = std::move(numbers);
  frame.nodes.value = std::move(value);
  return frame;
}

// A column of R's model matrix in which every factor is one column of codes.
struct InputColumn {
  RpartColumn place;
  bool is_factor = false;
  std::size_t levels = 0;
};
using InputColumns = std::unordered_map<std::string, InputColumn>;

// As model.matrix() names them, the backticks around a name of odd characters taken off. The first of equal names counts.
Result<InputColumns> input_columns(const Terms& terms) {
  table::Table empty(0);
  for (const Feature& feature : terms.features()) {
    const bool is_text = feature.kind == FeatureKind::factor || feature.kind == FeatureKind::ordered;
    empty.add(feature.name,
              is_text ? table::Column::text(std::vector<std::string>{}) : table::Column::real(std::vector<double>{}));
  }
  SCORIA_TRY(frame, terms.frame(empty, 1));
  InputColumns columns;
  for (std::size_t i = 0; i < frame.variables.size(); ++i) {
    const terms::Variable& variable = frame.variables[i];
    for (std::size_t j = 0; j < variable.columns.size(); ++j) {
      std::string name = variable.name;
      if (name.size() > 1 && name.front() == '`' && name.back() == '`') name = name.substr(1, name.size() - 2);
      if (variable.columns.size() > 1) {
        name += j < variable.column_names.size() ? variable.column_names[j] : std::to_string(j + 1);
      }
      const bool is_factor = variable.kind == FeatureKind::factor || variable.kind == FeatureKind::ordered;
      const std::size_t levels = is_factor ? variable.levels.size() : 0;
      columns.emplace(std::move(name), InputColumn{.place = {i, j}, .is_factor = is_factor, .levels = levels});
    }
  }
  return columns;
}

// R's matrices of splits: `splits` has a row for each, and `csplit` one for each split of a factor.
class Splits {
 public:
  static Result<Splits> read(const RObject& object, const InputColumns& columns) {
    Splits read(object);
    SCORIA_TRY(splits, read_matrix(object, "splits"));
    if (splits.columns < kColumns) return object.corrupt("splits", "must have the columns count, ncat, improve, index");
    if (splits.row_names.size() != splits.rows) return object.corrupt("splits", "lacks the variables' names");
    read.splits_ = std::move(splits);
    if (object.find("csplit") != nullptr) {
      SCORIA_TRY(sides, read_matrix(object, "csplit"));
      read.sides_ = std::move(sides);
    }
    // R looks up all names, those of competitors too.
    std::unordered_map<std::size_t, std::uint32_t> numbers;  // of the columns that splits name
    for (const std::string& name : read.splits_.row_names) {
      const auto found = columns.find(name);
      if (found == columns.end()) return object.corrupt("splits", "names '" + name + "', which the terms do not have");
      const std::size_t key = found->second.place.variable << 32 | found->second.place.column;
      const auto [at, is_new] = numbers.emplace(key, static_cast<std::uint32_t>(read.used_.size()));
      if (is_new) read.used_.push_back(found->second);
      read.column_.push_back(at->second);
    }
    return read;
  }

  std::size_t size() const { return splits_.rows; }

  std::vector<RpartColumn> columns() const {
    std::vector<RpartColumn> places;
    for (const InputColumn& column : used_) places.push_back(column.place);
    return places;
  }

  Result<SurrogateSplit> at(std::size_t row) {
    SurrogateSplit split{.column = column_[row], .threshold = splits_.at(row, kIndex)};
    const InputColumn& column = used_[split.column];
    const double categories = splits_.at(row, kCategories);
    if (categories == -1 || categories == 1) {
      if (std::isnan(split.threshold)) return wrong(row, "has no threshold");
      split.below = categories < 0 ? Side::left : Side::right;
      if (column.is_factor) split.threshold -= 1;  // of an ordered factor: R's codes count from 1, the frame's from 0
      return split;
    }
    if (!column.is_factor || !(categories >= 2))
      return wrong(row, "has an ncat that is not -1, 1 or the number of levels");
    if (!(split.threshold >= 1 && split.threshold <= static_cast<double>(sides_.rows)) ||
        column.levels > sides_.columns) {
      return wrong(row, "has an index outside csplit, or more levels than it");
    }
    // Each split of a factor has a row of its own: a file cannot make more of them than it holds.
    made_ += column.levels;
    if (made_ > sides_.values.size()) return wrong(row, "shares a row of csplit with others");
    for (std::size_t level = 0; level < column.levels; ++level) {
      const double side = sides_.at(static_cast<std::size_t>(split.threshold) - 1, level);
      if (side != 1 && side != 2 && side != 3) return object_.corrupt("csplit", "holds a number other than 1, 2 and 3");
      split.sides.push_back(static_cast<Side>(static_cast<int>(side) - 2));
    }
    return split;
  }

 private:
  static constexpr std::size_t kColumns = 4;  // that are read; `adj` is not
  static constexpr std::size_t kCategories = 1;
  static constexpr std::size_t kIndex = 3;

  explicit Splits(const RObject& object) : object_(object) {}

  Error wrong(std::size_t row, const std::string& problem) const {
    return object_.corrupt("splits", "row " + std::to_string(row + 1) + " (" + splits_.row_names[row] + ") " + problem);
  }

  RObject object_;
  Matrix splits_;
  Matrix sides_;
  std::vector<InputColumn> used_;
  std::vector<std::uint32_t> column_;  // of each row, into used_
  std::size_t made_ = 0;
};

// As R's usesurrogate: 0 only the node's own split, 1 surrogates too, 2 then the child that more rows went to.
constexpr std::int32_t kWithSurrogates = 1;
constexpr std::int32_t kWithMajority = 2;

Side majority(const std::unordered_map<std::int64_t, std::int32_t>& counts, std::int32_t number) {
  const auto left = counts.find(2 * static_cast<std::int64_t>(number));
  const auto right = counts.find(2 * static_cast<std::int64_t>(number) + 1);
  if (left == counts.end() || right == counts.end() || left->second == right->second) return Side::none;
  return left->second > right->second ? Side::left : Side::right;
}

Result<SurrogateTree> read_tree(const RObject& object, const Frame& frame, std::int32_t use_surrogates,
                                Splits* splits) {
  const std::vector<std::int32_t>& numbers = frame.nodes.numbers;
  std::unordered_map<std::int64_t, std::int32_t> counts;
  for (std::size_t i = 0; i < numbers.size(); ++i) counts.emplace(numbers[i], frame.count[i]);
  std::vector<SurrogateNode> nodes(numbers.size());
  std::size_t next = 0;  // a node's rows of `splits`: its own split, its competitors, its surrogates
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes[i].number = numbers[i];
    const bool is_leaf = frame.variable[i] == kLeafVariable;
    const std::int64_t competitors = frame.competitors[i];
    const std::int64_t surrogates = frame.surrogates[i];
    const std::size_t left = splits == nullptr ? 0 : splits->size() - next;
    if (competitors < 0 || surrogates < 0 ||
        static_cast<std::uint64_t>(competitors + surrogates + (is_leaf ? 0 : 1)) > left) {
      return object.corrupt("splits",
                            "has fewer rows than the nodes up to node " + std::to_string(numbers[i]) + " need");
    }
    const std::size_t own = next;
    next += static_cast<std::size_t>(competitors + surrogates + (is_leaf ? 0 : 1));
    if (is_leaf) continue;
    SCORIA_TRY(split, splits->at(own));
    nodes[i].splits.push_back(std::move(split));
    for (std::int64_t k = 0; use_surrogates >= kWithSurrogates && k < surrogates; ++k) {
      SCORIA_TRY(surrogate, splits->at(own + 1 + static_cast<std::size_t>(competitors + k)));
      nodes[i].splits.push_back(std::move(surrogate));
    }
    if (use_surrogates >= kWithMajority) nodes[i].majority = majority(counts, numbers[i]);
  }
  auto tree = SurrogateTree::build(std::move(nodes));
  if (!tree.ok()) return Error{tree.error().code, "rpart object: " + tree.error().message};
  return tree;
}

Status check_classes(const RObject& object, const RpartNodes& nodes, std::size_t classes) {
  if (nodes.matrix.size() < 1 + 2 * classes) {
    return object.corrupt("frame", "has a yval2 of " + std::to_string(nodes.matrix.size()) + " columns, must be " +
                                       std::to_string(2 + 2 * classes) + " for " + std::to_string(classes) +
                                       " classes");
  }
  for (const double value : nodes.value) {
    if (!(value >= 1 && value <= static_cast<double>(classes)) || value != std::floor(value)) {
      return object.corrupt("frame", "has a yval that is not the number of a class");
    }
  }
  return Ok{};
}

std::string method_of(const RObject& object, bool is_classification) {
  const auto method = object.strings("method");
  if (method.ok() && !method.value().empty()) return method.value()[0];
  return is_classification ? "class" : "anova";
}

}  // namespace

Result<ModelPtr> load_r_rpart(const Value& value) {
  const RObject object(value, "rpart object");
  SCORIA_TRY(frame, read_frame(object));
  const Value* formula = object.find("terms");
  if (formula == nullptr) return object.corrupt("terms", "is absent, and with it the formula");
  SCORIA_TRY(terms, Terms::parse(
                        *formula,
                        {.xlevels = value.attribute("xlevels"), .frame = object.find("model"), .needs_matrix = false}));
  SCORIA_TRY(control, object.object("control"));
  SCORIA_TRY(use_surrogates, control.integer("usesurrogate"));

  // A tree of one node asks nothing, and has no splits.
  const bool is_root_only = frame.variable.size() == 1;
  if (is_root_only && frame.variable[0] != kLeafVariable)
    return object.corrupt("frame", "has one node, which is no leaf");
  std::vector<RpartColumn> columns;
  Splits* splits = nullptr;
  std::optional<Splits> read_splits;
  if (!is_root_only) {
    SCORIA_TRY(inputs, input_columns(terms));
    SCORIA_TRY(all, Splits::read(object, inputs));
    read_splits.emplace(std::move(all));
    splits = &*read_splits;
    columns = splits->columns();
  }
  SCORIA_TRY(tree, read_tree(object, frame, use_surrogates, splits));

  Description description;
  const Value* labels = value.attribute("ylevels");
  if (labels != nullptr) description.labels = rdata::strings(*labels);
  const bool is_classification = !description.labels.empty();
  if (is_classification) SCORIA_TRY_STATUS(check_classes(object, frame.nodes, description.labels.size()));
  const std::string method = method_of(object, is_classification);
  description.family = "rpart";
  description.title = "rpart: decision tree, " + method;
  description.package = "rpart";
  description.classes = rdata::classes(value);
  description.features = terms.features();
  description.types = {"vector", "matrix", "where", "node"};
  if (is_classification) description.types = {"prob", "class", "vector", "matrix", "where", "node"};
  description.details = {{"method", method},
                         {"nodes", std::to_string(tree.nodes())},
                         {"leaves", std::to_string(tree.leaves())},
                         {"depth", std::to_string(tree.depth())},
                         {"usesurrogate", std::to_string(use_surrogates)}};
  return ModelPtr(std::make_shared<Rpart>(std::move(description), std::move(terms), std::move(columns), std::move(tree),
                                          std::move(frame.nodes)));
}

}  // namespace scoria::model::tree
