#include "model/pipeline/pipeline.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_set>

#include "model/features.h"
#include "model/parameters.h"
#include "table/concatenate.h"

namespace scoria::model::pipeline {
namespace {

// Rows go through the steps in slabs of at most so many cells of the widest table between two steps: 32 MB.
constexpr std::size_t kSlabCells = 4u << 20;
constexpr std::size_t kLeastSlabRows = 64;
constexpr const char* kTransform = "transform";

std::vector<std::string> input_names(const Step& step) {
  std::vector<std::string> names;
  for (const Input& input : step.inputs) names.push_back(input.feature.name);
  return names;
}

class Chain final : public Transformer {
 public:
  explicit Chain(std::vector<Step> steps) : steps_(std::move(steps)) {}

  std::vector<std::string> names_out(std::span<const std::string> names) const override {
    std::vector<std::string> out(names.begin(), names.end());
    for (const Step& step : steps_) out = step.transformer->names_out(out);
    return out;
  }

  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override {
    table::Table out = columns;
    for (const Step& step : steps_) {
      SCORIA_TRY(next, step.transformer->transform(out, first_row));
      out = std::move(next);
    }
    return out;
  }

 private:
  std::vector<Step> steps_;
};

Prediction join(std::vector<Prediction> parts, std::size_t rows) {
  Prediction joined{table::Table(rows), {}};
  const table::Table& first = parts.front().table;
  for (std::size_t j = 0; j < first.columns(); ++j) {
    std::vector<table::ColumnPtr> columns;
    for (const Prediction& part : parts) columns.push_back(part.table.column(j));
    joined.table.add(first.names()[j], table::concatenate(columns));
  }
  std::set<std::string> notes;
  for (Prediction& part : parts) notes.insert(part.notes.begin(), part.notes.end());
  joined.notes.assign(notes.begin(), notes.end());
  return joined;
}

// Columns as the type transform.
Prediction as_answer(const table::Table& columns) {
  Prediction prediction{table::Table(columns.rows()), {}};
  std::unordered_set<std::string> taken;
  for (std::size_t j = 0; j < columns.columns(); ++j) {
    // scikit-learn's own names may meet: what two transformers make of one column.
    std::string name = "transform:" + columns.names()[j];
    if (!taken.insert(name).second) name += "#" + std::to_string(j);
    taken.insert(name);
    prediction.table.add(std::move(name), columns.column(j));
  }
  return prediction;
}

}  // namespace

std::shared_ptr<const Transformer> chain(std::vector<Step> steps) {
  if (steps.size() == 1) return steps.front().transformer;
  return std::make_shared<Chain>(std::move(steps));
}

Pipeline::Pipeline(Description description, std::vector<Step> steps) : steps_(std::move(steps)) {
  SCORIA_CHECK(!steps_.empty());
  description_ = std::move(description);
  description_.by_position = !steps_.front().has_names;
  for (const Input& input : steps_.front().inputs) {
    if (input.is_needed || description_.by_position) description_.features.push_back(input.feature);
  }
  if (steps_.back().predictor != nullptr) {
    steps_.back().predictor->describe(description_);
    if (steps_.back().offers_transform) description_.types.emplace_back(kTransform);
  } else {
    description_.types = {kTransform};
  }
  widest_ = steps_.front().inputs.size();
  std::vector<std::string> names = input_names(steps_.front());
  for (const Step& step : steps_) {
    if (step.transformer == nullptr) break;
    names = step.transformer->names_out(names);
    widest_ = std::max(widest_, names.size());
  }
}

// The columns that the first step takes, in its order.
Result<table::Table> Pipeline::bind(const table::Table& table, std::vector<std::string>& notes) const {
  const std::vector<Input>& inputs = steps_.front().inputs;
  const std::vector<std::string> absent = absent_columns(description_.features, table.names());
  const bool by_order = !absent.empty() && description_.by_position && table.columns() == inputs.size();
  if (!absent.empty() && !by_order) {
    if (!description_.by_position) return lacks_columns(absent);
    return Error{Code::invalid, "the input has " + std::to_string(table.columns()) + " columns and the model " +
                                    std::to_string(inputs.size()) +
                                    ", whose names its file does not keep: give just these in the model's order, or "
                                    "call them " +
                                    listed(input_names(steps_.front()))};
  }
  table::Table bound(table.rows());
  table::ColumnPtr nothing;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string& name = by_order ? table.names()[i] : inputs[i].feature.name;
    table::ColumnPtr column = by_order ? table.column(i) : table.find(name);
    if (column == nullptr) {
      if (nothing == nullptr) {
        table::Validity none(table.rows());
        for (std::size_t row = 0; row < table.rows(); ++row) none.set_null(row);
        nothing = table::Column::real(std::vector<double>(table.rows()), none);
      }
      column = nothing;
    }
    bound.add(name, std::move(column));
  }
  if (by_order) {
    notes.emplace_back(kTakenInOrder);
  }
  return bound;
}

Result<Prediction> Pipeline::score_slab(table::Table columns, const Request& request, Executor& executor) const {
  for (const Step& step : steps_) {
    if (&step == &steps_.back() && step.predictor != nullptr) return answer(columns, request, executor);
    SCORIA_TRY(next, step.transformer->transform(columns, request.first_row));
    columns = std::move(next);
  }
  return as_answer(columns);
}

// What the last step says of the columns it takes: its predictor's types, and what it makes of them if that is asked for.
Result<Prediction> Pipeline::answer(const table::Table& columns, const Request& request, Executor& executor) const {
  const Step& last = steps_.back();
  if (!last.offers_transform ||
      std::find(request.types.begin(), request.types.end(), kTransform) == request.types.end())
    return last.predictor->predict(columns, request, executor);
  Prediction all{table::Table(columns.rows()), {}};
  for (const std::string& type : request.types) {
    Request one = request;
    one.types = {type};
    auto part = [&]() -> Result<Prediction> {
      if (type != kTransform) return last.predictor->predict(columns, one, executor);
      SCORIA_TRY(made, last.transformer->transform(columns, request.first_row));
      return as_answer(made);
    }();
    if (!part.ok()) return std::move(part).error();
    const table::Table& table = part.value().table;
    for (std::size_t j = 0; j < table.columns(); ++j) all.table.add(table.names()[j], table.column(j));
    all.notes.insert(all.notes.end(), part.value().notes.begin(), part.value().notes.end());
  }
  return all;
}

Result<Prediction> Pipeline::score(const table::Table& table, const Request& request, Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  Request asked = request;
  asked.types = std::move(types);
  std::vector<std::string> notes;
  SCORIA_TRY(bound, bind(table, notes));
  const std::size_t slab_rows =
      steps_.size() == 1 && steps_.front().predictor != nullptr
          ? std::max<std::size_t>(table.rows(), 1)  // what answers cuts the rows as suits it
          : std::clamp(kSlabCells / std::max<std::size_t>(widest_, 1), kLeastSlabRows,
                       steps_.back().predictor != nullptr ? steps_.back().predictor->best_rows() : kLeastSlabRows * 16);
  const std::size_t slabs = std::max<std::size_t>((table.rows() + slab_rows - 1) / slab_rows, 1);
  if (slabs == 1) {
    SCORIA_TRY(prediction, score_slab(std::move(bound), asked, executor));
    prediction.notes.insert(prediction.notes.begin(), notes.begin(), notes.end());
    return prediction;
  }
  std::vector<std::optional<Result<Prediction>>> answers(slabs);
  executor.parallel_for(slabs, [&](std::size_t i) {
    const std::size_t first = i * slab_rows;
    Request part = asked;
    part.first_row += first;
    InlineExecutor inside;
    answers[i] = score_slab(bound.slice(first, std::min(slab_rows, table.rows() - first)), part, inside);
  });
  std::vector<Prediction> parts;
  for (std::optional<Result<Prediction>>& answer : answers) {
    if (!answer->ok()) return std::move(*answer).error();  // of the first rows that are wrong
    parts.push_back(std::move(*answer).value());
  }
  Prediction joined = join(std::move(parts), table.rows());
  joined.notes.insert(joined.notes.begin(), notes.begin(), notes.end());
  return joined;
}

}  // namespace scoria::model::pipeline
