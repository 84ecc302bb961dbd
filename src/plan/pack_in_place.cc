#include "plan/pack_in_place.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>

#include "base/na.h"
#include "model/features.h"
#include "pack/answers.h"

namespace scoria::plan {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Table;
using table::Type;

// The records of a chunk's models, if all are different, stay in the second-level cache.
constexpr std::size_t kChunkRows = 2048;

struct Wanted {
  bool predict = false;
  bool decision = false;
  bool score = false;
};

// nullopt: some type is not one of those that are given in place, or is asked for twice.
std::optional<Wanted> wanted_types(const model::Request& request) {
  if (!request.parameters.empty()) return std::nullopt;
  if (request.types.empty()) return Wanted{.predict = true};  // the first type of all models that have a ready form
  Wanted wanted;
  for (const std::string& type : request.types) {
    bool* const flag = type == "predict"    ? &wanted.predict
                       : type == "decision" ? &wanted.decision
                       : type == "score"    ? &wanted.score
                                            : nullptr;
    if (flag == nullptr || *flag) return std::nullopt;
    *flag = true;
  }
  return wanted;
}

// The input's columns as models of one schema read them.
struct Binding {
  bool fits = false;  // false: such models must see the rows themselves
  bool flags = false;
  bool is_by_order = false;
  std::vector<const double*> columns;
};

// What all models of a call give.
struct Shape {
  pack::Prediction predict = pack::Prediction::number;
  const model::pipeline::ClassLabels* labels = nullptr;
};

bool same_labels(const model::pipeline::ClassLabels& a, const model::pipeline::ClassLabels& b) {
  return &a == &b || (a.kind() == b.kind() && a.numbers() == b.numbers() && a.names() == b.names());
}

class Call {
 public:
  Call(const pack::Pack& pack, const std::vector<pack::Schema>& schemas, std::span<const ColumnPtr> keys,
       const Table& rows, const SetOptions& options, Wanted wanted, model::tree::Simd simd)
      : pack_(pack), schemas_(schemas), keys_(keys), rows_(rows), options_(options), wanted_(wanted), simd_(simd) {
    bindings_.resize(schemas.size());
    if (wanted_.decision) decision_.resize(rows.rows());
    if (wanted_.score) score_.resize(rows.rows());
  }

  Status score_chunk(std::size_t first, std::size_t count, std::vector<ScoredRun>& out);

  bool has_given_up() const { return has_given_up_.load(std::memory_order_relaxed); }
  void give_up() { has_given_up_.store(true, std::memory_order_relaxed); }
  bool has_model() const { return shape_.has_value(); }
  bool has_flags() const { return has_flags_; }
  model::Prediction prediction(const model::Request& request, const std::vector<ScoredRun>& runs);

 private:
  Result<const Binding*> binding(const pack::Record& record);
  Status bind(const pack::Record& record, Binding& binding);
  const double* numbers_of(const ColumnPtr& column);
  bool find_columns(const model::Description& description, Binding& binding);
  void answer(const pack::View& view, std::span<const double> values, ScoredRun& run);

  const pack::Pack& pack_;
  const std::vector<pack::Schema>& schemas_;
  const std::span<const ColumnPtr> keys_;
  const Table& rows_;
  const SetOptions& options_;
  const Wanted wanted_;
  const model::tree::Simd simd_;
  std::atomic<bool> has_given_up_{false};
  std::vector<std::int32_t> whole_;  // predict: flags or places of labels; written at disjoint rows
  std::vector<double> number_;       // predict: numbers
  std::vector<double> decision_;
  std::vector<double> score_;

  std::mutex bindings_mutex_;
  std::vector<std::unique_ptr<Binding>> bindings_;                           // guarded by bindings_mutex_; by schema
  std::map<const Column*, std::unique_ptr<std::vector<double>>> converted_;  // guarded by bindings_mutex_
  std::optional<Shape> shape_;  // guarded by bindings_mutex_ until all is done
  bool has_flags_ = false;      // guarded by bindings_mutex_ until all is done
  bool is_by_order_ = false;    // guarded by bindings_mutex_ until all is done
};

// Null where the column is not of numbers or lacks some.
const double* Call::numbers_of(const ColumnPtr& column) {
  if (!column->validity().all_valid()) return nullptr;
  if (column->type() == Type::real) return column->reals().data();
  if (column->type() != Type::integer) return nullptr;
  auto& numbers = converted_[column.get()];
  if (numbers == nullptr) {
    const auto whole = column->integers();
    numbers = std::make_unique<std::vector<double>>(whole.begin(), whole.end());
  }
  return numbers->data();
}

// As with_features() and Pipeline find them; false where they may find other columns, or none.
bool Call::find_columns(const model::Description& description, Binding& binding) {
  std::vector<ColumnPtr> columns;
  const auto is_key = [&](const ColumnPtr& column) {
    return std::find(keys_.begin(), keys_.end(), column) != keys_.end();
  };
  const auto& features = description.features;
  if (!options_.features.empty()) {
    if (options_.features.size() != features.size()) return false;
    for (const std::string& name : options_.features) columns.push_back(rows_.find(name));
  } else if (model::absent_columns(features, rows_.names()).empty()) {
    for (const model::Feature& feature : features) columns.push_back(rows_.find(feature.name));
  } else if (description.by_position) {
    binding.is_by_order = true;
    for (std::size_t i = 0; i < rows_.columns(); ++i) {
      const bool is_named = std::any_of(features.begin(), features.end(), [&](const model::Feature& feature) {
        return feature.name == rows_.names()[i];
      });
      if (is_named) return false;
      if (!is_key(rows_.column(i))) columns.push_back(rows_.column(i));
    }
  }
  if (columns.size() != features.size()) return false;
  for (const ColumnPtr& column : columns) {
    const double* const numbers = column == nullptr || is_key(column) ? nullptr : numbers_of(column);
    if (numbers == nullptr) return false;
    binding.columns.push_back(numbers);
  }
  return true;
}

Status Call::bind(const pack::Record& record, Binding& binding) {
  const pack::Schema& schema = schemas_.at(record.head.schema);
  auto model = pack::rebuild(record.head.form, schema, record.body);
  if (!model.ok()) return pack_.corrupt(model.error().message);
  pack::View view;
  SCORIA_TRY_STATUS(pack::read_view(record.head.form, record.body, view));
  const model::Description& description = model.value()->description();
  if (!find_columns(description, binding)) return Ok{};
  if (wanted_.decision && !pack::has_decision(view.answer)) return Ok{};
  if (wanted_.score && !pack::has_score(view.answer)) return Ok{};
  if (schema.breaks_ties) return Ok{};  // it may refuse
  const Shape shape{pack::prediction_of(view.answer), schema.labels ? &*schema.labels : nullptr};
  if (!shape_) {
    shape_ = shape;
    const bool is_number = shape.predict == pack::Prediction::number;
    if (wanted_.predict && is_number) number_.resize(rows_.rows());
    if (wanted_.predict && !is_number) whole_.resize(rows_.rows());
  } else if (shape.predict != shape_->predict ||
             (shape.labels != nullptr && !same_labels(*shape.labels, *shape_->labels))) {
    return Ok{};
  }
  binding.flags = description.flags;
  binding.fits = true;
  has_flags_ = has_flags_ || binding.flags;
  is_by_order_ = is_by_order_ || binding.is_by_order;
  return Ok{};
}

Result<const Binding*> Call::binding(const pack::Record& record) {
  const std::lock_guard lock(bindings_mutex_);
  std::unique_ptr<Binding>& known = bindings_.at(record.head.schema);
  if (known == nullptr) {
    auto made = std::make_unique<Binding>();
    SCORIA_TRY_STATUS(bind(record, *made));
    known = std::move(made);
  }
  return known.get();
}

void Call::answer(const pack::View& view, std::span<const double> values, ScoredRun& run) {
  const std::size_t first = run.run.first;
  if (wanted_.predict) {
    switch (pack::prediction_of(view.answer)) {
      case pack::Prediction::number: pack::numbers(view, values, number_.data() + first); break;
      case pack::Prediction::label: pack::labels(view, values, whole_.data() + first); break;
      case pack::Prediction::flag:
        pack::flags(view, values, whole_.data() + first);
        for (std::size_t i = 0; i < values.size(); ++i) run.flagged += whole_[first + i] == -1 ? 1 : 0;
        break;
    }
  }
  if (wanted_.decision) pack::decisions(view, values, decision_.data() + first);
  if (wanted_.score) pack::scores(view, values, score_.data() + first);
}

Status Call::score_chunk(std::size_t first, std::size_t count, std::vector<ScoredRun>& out) {
  SCORIA_TRY(runs, find_runs(pack_, keys_, first, count));
  out.reserve(runs.size());
  for (const KeyRun& run : runs) out.push_back({.run = run});
  pack::View view;
  pack::Scratch scratch;
  std::vector<double> found(count);
  const Binding* bound = nullptr;
  std::uint32_t bound_schema = 0;
  for (ScoredRun& scored : out) {
    if (has_given_up()) return Ok{};
    if (scored.run.model.place == 0) {
      if (options_.missing != SetOptions::Missing::skip) give_up();
      continue;
    }
    SCORIA_TRY(record, pack_.record(scored.run.model.place));
    if (record.head.form == pack::Form::source) {
      give_up();
      return Ok{};
    }
    if (bound == nullptr || record.head.schema != bound_schema) {
      SCORIA_TRY(known, binding(record));
      bound = known;
      bound_schema = record.head.schema;
    }
    if (!bound->fits) {
      give_up();
      return Ok{};
    }
    if (auto read = pack::read_view(record.head.form, record.body, view); !read.ok()) {
      return pack_.corrupt(read.error().message);
    }
    // Models of one schema have these in common, unless somebody has made the pack up.
    if (view.inputs != bound->columns.size() || pack::prediction_of(view.answer) != shape_->predict) {
      return pack_.corrupt("a model's record has other columns or answers than its schema");
    }
    const std::span<double> values(found.data(), scored.run.count);
    if (!pack::values(view, bound->columns, scored.run.first, scored.run.count, simd_, scratch, values.data())) {
      give_up();
      return Ok{};
    }
    answer(view, values, scored);
    if (!bound->flags) scored.flagged = 0;
  }
  return Ok{};
}

model::Prediction Call::prediction(const model::Request& request, const std::vector<ScoredRun>& runs) {
  table::Validity validity;
  for (const ScoredRun& scored : runs) {
    if (scored.run.model.place != 0) continue;
    if (validity.all_valid()) validity = table::Validity(rows_.rows());
    for (std::uint32_t i = 0; i < scored.run.count; ++i) {
      const std::size_t row = scored.run.first + i;
      validity.set_null(row);
      if (!whole_.empty()) whole_[row] = shape_->predict == pack::Prediction::label ? -1 : kNaInt;
      if (!number_.empty()) number_[row] = na_real();
      if (!decision_.empty()) decision_[row] = na_real();
      if (!score_.empty()) score_[row] = na_real();
    }
  }
  model::Prediction prediction{Table(rows_.rows()), {}};
  if (is_by_order_) prediction.notes.emplace_back(model::pipeline::kTakenInOrder);
  const auto types = request.types.empty() ? std::vector<std::string>{"predict"} : request.types;
  for (const std::string& type : types) {
    ColumnPtr column;
    if (type == "decision") {
      column = Column::real(std::move(decision_), validity);
    } else if (type == "score") {
      column = Column::real(std::move(score_), validity);
    } else if (shape_->predict == pack::Prediction::number) {
      column = Column::real(std::move(number_), validity);
    } else if (shape_->predict == pack::Prediction::flag) {
      column = Column::integer(std::move(whole_), validity);
    } else {
      column = shape_->labels->column(std::move(whole_));
    }
    prediction.table.add(type, std::move(column));
  }
  return prediction;
}

}  // namespace

Result<InPlace> score_in_place(const pack::Pack& pack, const std::vector<pack::Schema>& schemas,
                               std::span<const ColumnPtr> columns, const Table& rows, const model::Request& request,
                               const SetOptions& options, Executor& executor) {
  const auto wanted = wanted_types(request);
  SCORIA_TRY(simd, model::tree::resolve_simd(request.simd));
  Call call(pack, schemas, columns, rows, options, wanted.value_or(Wanted{}), simd);
  if (!wanted) call.give_up();
  const std::size_t chunks = (rows.rows() + kChunkRows - 1) / kChunkRows;
  std::vector<std::vector<ScoredRun>> parts(chunks);
  std::vector<Status> done(chunks, Status(Ok{}));
  executor.parallel_for(chunks, [&](std::size_t i) {
    const std::size_t first = i * kChunkRows;
    done[i] = call.score_chunk(first, std::min(kChunkRows, rows.rows() - first), parts[i]);
  });
  InPlace in_place;
  std::size_t total = 0;
  for (std::size_t i = 0; i < chunks; ++i) {
    if (!done[i].ok()) return std::move(done[i]).error();
    total += parts[i].size();
  }
  in_place.runs.reserve(total);
  for (const auto& part : parts) in_place.runs.insert(in_place.runs.end(), part.begin(), part.end());
  if (call.has_given_up() || !call.has_model()) return in_place;
  in_place.is_scored = true;
  in_place.has_flags = call.has_flags();
  in_place.prediction = call.prediction(request, in_place.runs);
  return in_place;
}

}  // namespace scoria::plan
