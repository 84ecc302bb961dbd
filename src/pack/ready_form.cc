#include "pack/ready_form.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <typeinfo>

#include "model/preprocess/scaler.h"

namespace scoria::pack {
namespace {

using model::kernel_machine::Svm;
using model::kernel_machine::SvmTask;
using model::linear::LinearClassifier;
using model::linear::LinearOneClass;
using model::linear::LinearRegressor;
using model::pipeline::Step;
using model::preprocess::Scaler;
using model::preprocess::Scaling;

// Which numbers a scaling has.
constexpr std::uint64_t kSubtract = 1;
constexpr std::uint64_t kDivide = 2;
constexpr std::uint64_t kMultiply = 4;
constexpr std::uint64_t kAdd = 8;
constexpr std::uint64_t kLimits = 16;
constexpr std::uint64_t kAllBits = 31;

constexpr std::uint64_t kMostInputs = std::numeric_limits<std::uint32_t>::max();

class Body {
 public:
  void add(const ReadyHead& head) { bytes_.append(reinterpret_cast<const char*>(&head), sizeof head); }
  void add(double number) { bytes_.append(reinterpret_cast<const char*>(&number), sizeof number); }
  void add_bits(std::uint64_t bits) { add(std::bit_cast<double>(bits)); }
  void add(const std::vector<double>& numbers) {
    bytes_.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double));
  }
  void add(const Scaling& scaling) {
    const bool is_limited = scaling.least > -std::numeric_limits<double>::infinity() ||
                            scaling.most < std::numeric_limits<double>::infinity();
    add_bits((scaling.subtract.empty() ? 0 : kSubtract) | (scaling.divide.empty() ? 0 : kDivide) |
             (scaling.multiply.empty() ? 0 : kMultiply) | (scaling.add.empty() ? 0 : kAdd) |
             (is_limited ? kLimits : 0));
    for (const auto* numbers : {&scaling.subtract, &scaling.divide, &scaling.multiply, &scaling.add}) add(*numbers);
    if (!is_limited) return;
    add(scaling.least);
    add(scaling.most);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads doubles one after the other; empty or 0 once there are too few.
class Numbers {
 public:
  explicit Numbers(std::span<const double> numbers) : numbers_(numbers) {}

  std::span<const double> take(std::uint64_t count) {
    if (count > numbers_.size()) {
      has_failed_ = true;
      numbers_ = {};
      return {};
    }
    const auto taken = numbers_.first(count);
    numbers_ = numbers_.subspan(count);
    return taken;
  }
  double take() {
    const auto one = take(1);
    return one.empty() ? 0 : one[0];
  }
  std::uint64_t bits() { return std::bit_cast<std::uint64_t>(take()); }
  bool is_read() const { return !has_failed_ && numbers_.empty(); }

 private:
  std::span<const double> numbers_;
  bool has_failed_ = false;
};

Error wrong(const char* what) { return Error{Code::corrupt, std::string("a model's record ") + what}; }

bool has_inputs(const Scaling& scaling, std::size_t inputs) {
  for (const auto* numbers : {&scaling.subtract, &scaling.divide, &scaling.multiply, &scaling.add}) {
    if (!numbers->empty() && numbers->size() != inputs) return false;
  }
  return true;
}

// What the predictor adds to the head and the numbers before the scalings, and after them. False: it has no ready form.
struct Parts {
  Form form = Form::kernel_machine;
  ReadyHead head;
  std::vector<double> before;
  std::vector<double> after;
};

bool add_svm(const Svm& svm, Schema& schema, Parts& parts) {
  const auto& machine = svm.machine();
  const auto& rules = svm.rules();
  const bool classifies = rules.task == SvmTask::classification;
  const auto vectors = machine.view().count();
  if (machine.classes != (classifies ? 2 : 0) || vectors > kMostInputs) return false;
  schema.predictor = PredictorKind::svm;
  schema.task = rules.task;
  schema.labels = rules.labels;
  schema.one_against_rest = rules.one_against_rest;
  schema.breaks_ties = rules.breaks_ties;
  schema.class_names.push_back(rules.class_name);
  parts.form = Form::kernel_machine;
  parts.head.answer = static_cast<std::uint8_t>(classifies                         ? Answer::first_class_above
                                                : rules.task == SvmTask::one_class ? Answer::inside_above
                                                                                   : Answer::number);
  parts.head.kernel = static_cast<std::uint8_t>(machine.kernel.kind);
  parts.head.has_probability = machine.prob_a.empty() ? 0 : 1;
  parts.head.vectors = static_cast<std::uint32_t>(vectors);
  parts.head.degree = machine.kernel.degree;
  parts.before = {machine.kernel.gamma, machine.kernel.coef0, machine.rho.at(0), rules.offset};
  if (classifies) {
    parts.before.push_back(std::bit_cast<double>(static_cast<std::uint64_t>(machine.class_counts.at(0)) |
                                                 static_cast<std::uint64_t>(machine.class_counts.at(1)) << 32));
  }
  if (parts.head.has_probability != 0) {
    parts.before.push_back(machine.prob_a.at(0));
    parts.before.push_back(machine.prob_b.at(0));
  }
  parts.after = machine.coefficients;
  parts.after.insert(parts.after.end(), machine.vectors.begin(), machine.vectors.end());
  return true;
}

bool add_linear(const model::linear::Affine& sums, double offset, Answer answer, const std::string& class_name,
                Schema& schema, Parts& parts) {
  if (sums.outputs != 1) return false;
  schema.class_names.push_back(class_name);
  parts.form = Form::linear;
  parts.head.answer = static_cast<std::uint8_t>(answer);
  parts.before = {sums.shifts.at(0), offset};
  parts.after = sums.weights;
  return true;
}

bool add_predictor(const model::pipeline::Predictor& predictor, Schema& schema, Parts& parts) {
  if (const auto* svm = dynamic_cast<const Svm*>(&predictor)) return add_svm(*svm, schema, parts);
  if (const auto* regressor = dynamic_cast<const LinearRegressor*>(&predictor)) {
    schema.predictor = PredictorKind::linear_regressor;
    schema.inverse = regressor->inverse();
    const bool is_plain = schema.inverse == model::linear::Inverse::identity;
    return add_linear(regressor->sums(), 0, is_plain ? Answer::number : Answer::exponential, regressor->class_name(),
                      schema, parts);
  }
  if (const auto* classifier = dynamic_cast<const LinearClassifier*>(&predictor)) {
    schema.predictor = PredictorKind::linear_classifier;
    schema.probability = classifier->probability();
    schema.labels = classifier->labels();
    return add_linear(classifier->sums(), 0, Answer::second_class_above, classifier->class_name(), schema, parts);
  }
  if (const auto* one_class = dynamic_cast<const LinearOneClass*>(&predictor)) {
    schema.predictor = PredictorKind::linear_one_class;
    return add_linear(one_class->sums(), one_class->offset(), Answer::inside_from, one_class->class_name(), schema,
                      parts);
  }
  return false;
}

Scaling stored(const ScalingView& view, std::size_t inputs) {
  Scaling scaling;
  const auto copy = [&](const double* from, std::vector<double>& to) {
    if (from != nullptr) to.assign(from, from + inputs);
  };
  copy(view.subtract, scaling.subtract);
  copy(view.divide, scaling.divide);
  copy(view.multiply, scaling.multiply);
  copy(view.add, scaling.add);
  if (view.is_limited) {
    scaling.least = view.least;
    scaling.most = view.most;
  }
  return scaling;
}

std::vector<double> copied(std::span<const double> numbers) { return {numbers.begin(), numbers.end()}; }

Result<std::shared_ptr<const model::pipeline::Predictor>> rebuild_predictor(const View& view, const Schema& schema) {
  using Ptr = std::shared_ptr<const model::pipeline::Predictor>;
  const std::string& class_name = schema.class_names.back();
  if ((view.form == Form::kernel_machine) != (schema.predictor == PredictorKind::svm)) {
    return wrong("has another form than its schema");
  }
  if (schema.predictor == PredictorKind::svm) {
    const auto& machine = view.machine;
    const std::size_t classes = schema.task == SvmTask::classification ? 2 : 0;
    if (machine.classes != classes) return wrong("has another number of classes than its schema");
    SCORIA_TRY_STATUS(model::kernel_machine::check(machine));
    model::kernel_machine::StoredMachine stored{
        .kernel = machine.kernel,
        .dimensions = machine.dimensions,
        .classes = machine.classes,
        .vectors = copied(machine.vectors),
        .coefficients = copied(machine.coefficients),
        .rho = copied(machine.rho),
        .class_counts = {machine.class_counts.begin(), machine.class_counts.end()},
        .prob_a = copied(machine.prob_a),
        .prob_b = copied(machine.prob_b)};
    return Ptr(std::make_shared<Svm>(std::move(stored),
                                     model::kernel_machine::SvmRules{.task = schema.task,
                                                                     .class_name = class_name,
                                                                     .labels = schema.labels,
                                                                     .one_against_rest = schema.one_against_rest,
                                                                     .breaks_ties = schema.breaks_ties,
                                                                     .offset = view.offset}));
  }
  model::linear::Affine sums{
      .inputs = view.inputs, .outputs = 1, .weights = copied(view.weights), .shifts = {view.shift}};
  if (schema.predictor == PredictorKind::linear_regressor) {
    return Ptr(std::make_shared<LinearRegressor>(std::move(sums), schema.inverse, class_name));
  }
  if (schema.predictor == PredictorKind::linear_classifier) {
    return Ptr(std::make_shared<LinearClassifier>(std::move(sums), schema.probability, *schema.labels, class_name));
  }
  return Ptr(std::make_shared<LinearOneClass>(std::move(sums), view.offset, class_name));
}

bool all_finite(const double* numbers, std::size_t count) {
  // x - x is 0 but for NaN and infinity; the sum keeps what is not.
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += numbers[i] - numbers[i];
  return sum == 0;
}

// As Scaler does, an operation after the other.
bool scale(const ScalingView& scaling, std::size_t column, double* numbers, std::size_t count) {
  if (scaling.subtract != nullptr) {
    for (std::size_t i = 0; i < count; ++i) numbers[i] -= scaling.subtract[column];
  }
  if (scaling.divide != nullptr) {
    for (std::size_t i = 0; i < count; ++i) numbers[i] /= scaling.divide[column];
  }
  if (scaling.multiply != nullptr) {
    for (std::size_t i = 0; i < count; ++i) numbers[i] *= scaling.multiply[column];
  }
  if (scaling.add != nullptr) {
    for (std::size_t i = 0; i < count; ++i) numbers[i] += scaling.add[column];
  }
  if (scaling.is_limited) {
    for (std::size_t i = 0; i < count; ++i) numbers[i] = std::clamp(numbers[i], scaling.least, scaling.most);
  }
  return all_finite(numbers, count);
}

}  // namespace

std::optional<ReadyModel> make_ready(const model::Model& model) {
  const auto* pipeline = dynamic_cast<const model::pipeline::Pipeline*>(&model);
  if (pipeline == nullptr) return std::nullopt;
  const std::vector<Step>& steps = pipeline->steps();
  const std::size_t inputs = steps.front().inputs.size();
  if (steps.back().predictor == nullptr || inputs == 0 || inputs > kMostInputs || steps.size() > kMostScalings + 1) {
    return std::nullopt;
  }
  Schema schema;
  Parts parts;
  std::vector<const Scaler*> scalers;
  for (const Step& step : steps) {
    schema.steps.push_back({.class_name = step.class_name, .inputs = step.inputs, .has_names = step.has_names});
    if (step.inputs.size() != inputs) return std::nullopt;
    if (&step == &steps.back()) break;
    const auto* scaler = dynamic_cast<const Scaler*>(step.transformer.get());
    if (scaler == nullptr || !has_inputs(scaler->scaling(), inputs)) return std::nullopt;
    scalers.push_back(scaler);
    schema.class_names.push_back(scaler->class_name());
  }
  if (!add_predictor(*steps.back().predictor, schema, parts)) return std::nullopt;
  // What the predictor says of itself comes from it again.
  schema.description = model.description();
  model::Description own;
  steps.back().predictor->describe(own);
  std::erase_if(schema.description.details, [&](const auto& detail) {
    return std::find(own.details.begin(), own.details.end(), detail) != own.details.end();
  });
  auto json = to_json(schema);
  if (!json) return std::nullopt;
  parts.head.scalings = static_cast<std::uint8_t>(scalers.size());
  parts.head.inputs = static_cast<std::uint32_t>(inputs);
  Body body;
  body.add(parts.head);
  body.add(parts.before);
  for (const Scaler* scaler : scalers) body.add(scaler->scaling());
  body.add(parts.after);
  return ReadyModel{.form = parts.form, .schema = std::move(*json), .body = body.take()};
}

Status read_view(Form form, std::span<const std::byte> body, View& view) {
  if (body.size() < sizeof(ReadyHead) || body.size() % sizeof(double) != 0) return wrong("has a wrong length");
  ReadyHead head;
  std::memcpy(&head, body.data(), sizeof head);
  // The bytes are doubles since they were written; they lie on their alignment.
  Numbers numbers(
      {reinterpret_cast<const double*>(body.data() + sizeof head), (body.size() - sizeof head) / sizeof(double)});
  const bool is_machine = form == Form::kernel_machine;
  view.form = form;
  view.answer = static_cast<Answer>(head.answer);
  view.inputs = head.inputs;
  if (head.scalings > kMostScalings || head.inputs == 0 || head.answer == 0 ||
      head.answer > static_cast<std::uint8_t>(Answer::second_class_above)) {
    return wrong("has an answer or scalings that are unknown");
  }
  auto& machine = view.machine;
  if (is_machine) {
    if (head.kernel > static_cast<std::uint8_t>(model::kernel_machine::KernelKind::sigmoid) || head.degree < 0) {
      return wrong("has an unknown kernel");
    }
    machine.kernel.kind = static_cast<model::kernel_machine::KernelKind>(head.kernel);
    machine.kernel.degree = head.degree;
    machine.kernel.gamma = numbers.take();
    machine.kernel.coef0 = numbers.take();
    machine.rho = numbers.take(1);
    view.offset = numbers.take();
    machine.dimensions = head.inputs;
    machine.classes = view.answer == Answer::first_class_above ? 2 : 0;
    machine.class_counts = {};
    if (machine.classes == 2) {
      const std::uint64_t counts = numbers.bits();
      view.class_counts = {static_cast<std::uint32_t>(counts), static_cast<std::uint32_t>(counts >> 32)};
      if (std::uint64_t{view.class_counts[0]} + view.class_counts[1] != head.vectors) return wrong("has lost vectors");
      machine.class_counts = view.class_counts;
    }
    machine.prob_a = numbers.take(head.has_probability != 0 ? 1 : 0);
    machine.prob_b = numbers.take(head.has_probability != 0 ? 1 : 0);
  } else {
    view.shift = numbers.take();
    view.offset = numbers.take();
  }
  view.scaling_count = head.scalings;
  for (std::size_t i = 0; i < head.scalings; ++i) {
    const std::uint64_t bits = numbers.bits();
    if (bits > kAllBits) return wrong("has an unknown scaling");
    ScalingView& scaling = view.scalings[i];
    scaling.subtract = (bits & kSubtract) != 0 ? numbers.take(head.inputs).data() : nullptr;
    scaling.divide = (bits & kDivide) != 0 ? numbers.take(head.inputs).data() : nullptr;
    scaling.multiply = (bits & kMultiply) != 0 ? numbers.take(head.inputs).data() : nullptr;
    scaling.add = (bits & kAdd) != 0 ? numbers.take(head.inputs).data() : nullptr;
    scaling.is_limited = (bits & kLimits) != 0;
    if (!scaling.is_limited) continue;
    scaling.least = numbers.take();
    scaling.most = numbers.take();
    if (!(scaling.least <= scaling.most)) return wrong("has limits in the wrong order");
  }
  if (is_machine) {
    machine.coefficients = numbers.take(head.vectors);
    machine.vectors = numbers.take(std::uint64_t{head.vectors} * head.inputs);
  } else {
    view.weights = numbers.take(head.inputs);
  }
  if (!numbers.is_read()) return wrong("has a wrong length");
  return Ok{};
}

Result<model::ModelPtr> rebuild(Form form, const Schema& schema, std::span<const std::byte> body) {
  View view;
  SCORIA_TRY_STATUS(read_view(form, body, view));
  if (schema.steps.size() != view.scaling_count + 1 || schema.steps.front().inputs.size() != view.inputs) {
    return wrong("has other steps or columns than its schema");
  }
  std::vector<Step> steps = schema.steps;
  for (std::size_t i = 0; i < view.scaling_count; ++i) {
    steps[i].transformer = std::make_shared<Scaler>(stored(view.scalings[i], view.inputs), schema.class_names[i]);
  }
  SCORIA_TRY(predictor, rebuild_predictor(view, schema));
  steps.back().predictor = std::move(predictor);
  return model::ModelPtr(std::make_shared<model::pipeline::Pipeline>(schema.description, std::move(steps)));
}

bool values(const View& view, std::span<const double* const> columns, std::size_t first, std::size_t count,
            model::tree::Simd simd, Scratch& scratch, double* out) {
  // A block of all columns stays in the second-level cache.
  constexpr std::size_t kBlockNumbers = 32 << 10;
  const std::size_t block = std::clamp<std::size_t>(kBlockNumbers / view.inputs, 8, 1024);
  const std::size_t stride = std::min(block, count);
  if (scratch.numbers.size() < stride * view.inputs) scratch.numbers.resize(stride * view.inputs);
  scratch.columns.resize(view.inputs);
  for (std::size_t j = 0; j < view.inputs; ++j) scratch.columns[j] = scratch.numbers.data() + j * stride;
  for (std::size_t begin = 0; begin < count; begin += block) {
    const std::size_t rows = std::min(block, count - begin);
    for (std::size_t j = 0; j < view.inputs; ++j) {
      double* const numbers = scratch.numbers.data() + j * stride;
      std::copy_n(columns[j] + first + begin, rows, numbers);
      if (!all_finite(numbers, rows)) return false;
      for (std::size_t s = 0; s < view.scaling_count; ++s) {
        if (!scale(view.scalings[s], j, numbers, rows)) return false;
      }
    }
    if (view.form == Form::kernel_machine) {
      model::kernel_machine::decision_values(view.machine, scratch.columns, 0, rows, simd, out + begin, rows);
    } else {
      model::linear::weighted_sum(view.weights, view.shift, scratch.columns, 0, rows, out + begin);
    }
  }
  return true;
}

}  // namespace scoria::pack
