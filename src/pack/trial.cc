#include "pack/trial.h"

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "model/description_json.h"
#include "pack/answers.h"

namespace scoria::pack {
namespace {

// Rows of each kind: on a support vector, near one, and anywhere.
constexpr std::size_t kRowsOfAKind = 13;  // no multiple of what a vector instruction takes
constexpr std::size_t kRows = 3 * kRowsOfAKind;

// splitmix64: Steele, Lea & Flood (2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e37'79b9'7f4a'7c15;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9;
    x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11eb;
    return x ^ (x >> 31);
  }
  double between(double low, double high) {
    return low + (high - low) * (static_cast<double>(next() >> 11) * 0x1.0p-53);
  }

 private:
  std::uint64_t state_;
};

// What the scalings turn into `scaled`, or something finite.
double unscaled(const View& view, std::size_t column, double scaled) {
  double x = scaled;
  for (std::size_t i = view.scaling_count; i-- > 0;) {
    const ScalingView& scaling = view.scalings[i];
    if (scaling.add != nullptr) x -= scaling.add[column];
    if (scaling.multiply != nullptr) x /= scaling.multiply[column];
    if (scaling.divide != nullptr) x *= scaling.divide[column];
    if (scaling.subtract != nullptr) x += scaling.subtract[column];
  }
  return std::isfinite(x) && std::fabs(x) < 1e100 ? x : scaled;
}

table::Table random_rows(const View& view, const Schema& schema, Random& random) {
  const std::size_t vectors = view.form == Form::kernel_machine ? view.machine.count() : 0;
  std::vector<std::vector<double>> columns(view.inputs, std::vector<double>(kRows));
  for (std::size_t row = 0; row < kRows; ++row) {
    const std::size_t kind = row / kRowsOfAKind;
    const std::size_t vector = vectors > 0 ? random.next() % vectors : 0;
    for (std::size_t j = 0; j < view.inputs; ++j) {
      const double center = vectors > 0 ? view.machine.vectors[vector * view.inputs + j] : random.between(-1, 1);
      columns[j][row] = kind == 0   ? unscaled(view, j, center)
                        : kind == 1 ? unscaled(view, j, center + random.between(-3, 3))
                                    : random.between(-1, 1) * std::pow(10.0, std::floor(random.between(-3, 5)));
    }
  }
  table::Table rows(kRows);
  for (std::size_t j = 0; j < view.inputs; ++j) {
    rows.add(schema.steps.front().inputs[j].feature.name, table::Column::real(std::move(columns[j])));
  }
  return rows;
}

bool same_bits(std::span<const double> a, std::span<const double> b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::bit_cast<std::uint64_t>(a[i]) != std::bit_cast<std::uint64_t>(b[i])) return false;
  }
  return a.size() == b.size();
}

bool same_column(const table::Column& a, const table::Column& b) {
  if (a.type() != b.type() || a.size() != b.size()) return false;
  switch (a.type()) {
    case table::Type::real: return same_bits(a.reals(), b.reals());
    case table::Type::integer: return std::ranges::equal(a.integers(), b.integers());
    case table::Type::factor: return std::ranges::equal(a.codes(), b.codes()) && a.levels() == b.levels();
    default: return false;
  }
}

Error differs(const std::string& what) {
  return Error{Code::conflict, "its packed form gives another " + what +
                                   " than the model itself, on random rows: "
                                   "please report this, and leave the model out until then"};
}

Status compare(const Result<model::Prediction>& own, const Result<model::Prediction>& packed) {
  if (own.ok() != packed.ok() || (!own.ok() && own.error().message != packed.error().message)) return differs("error");
  if (!own.ok()) return Ok{};
  const table::Table& a = own.value().table;
  const table::Table& b = packed.value().table;
  if (a.names() != b.names()) return differs("set of columns");
  for (std::size_t i = 0; i < a.columns(); ++i) {
    if (!same_column(*a.column(i), *b.column(i))) return differs("'" + a.names()[i] + "'");
  }
  return Ok{};
}

// The answers as a pack's own way of scoring gives them.
Status compare_in_place(const View& view, const Schema& schema, const table::Table& rows, const table::Table& own) {
  std::vector<const double*> columns;
  for (std::size_t j = 0; j < rows.columns(); ++j) columns.push_back(rows.column(j)->reals().data());
  SCORIA_TRY(simd, model::tree::resolve_simd(model::SimdTarget::automatic));
  Scratch scratch;
  std::vector<double> found(kRows);
  if (!values(view, columns, 0, kRows, simd, scratch, found.data())) return Ok{};  // the model itself is asked then
  const auto number_column = [&](void (*fill)(const View&, std::span<const double>, double*)) {
    std::vector<double> out(kRows);
    fill(view, found, out.data());
    return table::Column::real(std::move(out));
  };
  const auto check = [&](const char* name, const table::ColumnPtr& column) -> Status {
    const table::ColumnPtr expected = own.find(name);
    if (expected != nullptr && !same_column(*expected, *column)) return differs("'" + std::string(name) + "' in place");
    return Ok{};
  };
  std::vector<std::int32_t> whole(kRows);
  table::ColumnPtr predict;
  switch (prediction_of(view.answer)) {
    case Prediction::number: predict = number_column(numbers); break;
    case Prediction::flag:
      flags(view, found, whole.data());
      predict = table::Column::integer(std::move(whole));
      break;
    case Prediction::label:
      labels(view, found, whole.data());
      predict = schema.labels->column(std::move(whole));
      break;
  }
  SCORIA_TRY_STATUS(check("predict", predict));
  if (has_decision(view.answer)) SCORIA_TRY_STATUS(check("decision", number_column(decisions)));
  if (has_score(view.answer)) SCORIA_TRY_STATUS(check("score", number_column(scores)));
  return Ok{};
}

}  // namespace

Result<Trial> try_out(const model::Model& model, const ReadyModel& ready, const Schema& schema, std::uint64_t seed) {
  const auto body = std::as_bytes(std::span(ready.body));
  SCORIA_TRY(rebuilt, rebuild(ready.form, schema, body));
  const auto described = [](const model::Model& one) { return model::description_json(one.description()); };
  if (described(model) != described(*rebuilt)) return Trial::described_otherwise;
  View view;
  SCORIA_TRY_STATUS(read_view(ready.form, body, view));
  Random random(seed);
  const table::Table rows = random_rows(view, schema, random);
  InlineExecutor inside;
  bool has_compared = false;
  // All at once, or one by one where the model has a type that it refuses to give.
  model::Request request{.types = model.description().types};
  if (auto own = model.score(rows, request, inside); own.ok()) {
    SCORIA_TRY_STATUS(compare(own, rebuilt->score(rows, request, inside)));
    SCORIA_TRY_STATUS(compare_in_place(view, schema, rows, own.value().table));
    has_compared = true;
  }
  for (const std::string& type : model.description().types) {
    if (has_compared) break;
    request.types = {type};
    auto own = model.score(rows, request, inside);
    SCORIA_TRY_STATUS(compare(own, rebuilt->score(rows, request, inside)));
    if (own.ok()) SCORIA_TRY_STATUS(compare_in_place(view, schema, rows, own.value().table));
  }
  return Trial::same;
}

}  // namespace scoria::pack
