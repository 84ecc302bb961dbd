#include "sched/formula_functions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/iso8601.h"

namespace scoria::sched::formula {
namespace {

Error wrong(const Call& call, const std::string& what) {
  return evaluation_error(std::string(call.name) + "(): " + what);
}

// Numbers and vectors in any order become one list.
Result<std::vector<double>> flatten(const Call& call) {
  std::size_t size = 0;
  for (const Value& value : call.arguments) {
    if (const auto* vector = std::get_if<Vector>(&value)) {
      size += (*vector)->size();
    } else if (std::holds_alternative<double>(value)) {
      ++size;
    } else {
      return wrong(call, "expected numbers and vectors, not " + std::string(type_name(value)));
    }
  }
  SCORIA_TRY_STATUS(call.budget.spend(size));
  std::vector<double> values;
  values.reserve(size);
  for (const Value& value : call.arguments) {
    if (const auto* vector = std::get_if<Vector>(&value)) {
      values.insert(values.end(), (*vector)->begin(), (*vector)->end());
    } else {
      values.push_back(std::get<double>(value));
    }
  }
  return values;
}

Result<std::vector<double>> flatten_some(const Call& call) {
  SCORIA_TRY(values, flatten(call));
  if (values.empty()) {
    return wrong(call,
                 "no values: where samples may be missing, add a value, "
                 "as in max(0, v), or test len(v) first");
  }
  return std::move(values);
}

double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

Result<Value> average(const Call& call) {
  SCORIA_TRY(values, flatten_some(call));
  return make_number(sum_of(values) / static_cast<double>(values.size()), call.name);
}

Result<Value> length(const Call& call) {
  SCORIA_TRY(values, flatten(call));
  return Value(static_cast<double>(values.size()));
}

Result<Value> maximum(const Call& call) {
  SCORIA_TRY(values, flatten_some(call));
  return Value(*std::ranges::max_element(values));
}

Result<Value> minimum(const Call& call) {
  SCORIA_TRY(values, flatten_some(call));
  return Value(*std::ranges::min_element(values));
}

Result<Value> value_range(const Call& call) {
  SCORIA_TRY(values, flatten_some(call));
  const auto [low, high] = std::ranges::minmax(values);
  return make_number(high - low, call.name);
}

Result<Value> sum(const Call& call) {
  SCORIA_TRY(values, flatten(call));
  return make_number(sum_of(values), call.name);
}

Result<Value> norm(const Call& call) {
  SCORIA_TRY(values, flatten(call));
  double squares = 0;
  for (const double value : values) squares += value * value;
  return make_number(std::sqrt(squares), call.name);
}

Result<Value> deviation(const Call& call) {
  SCORIA_TRY(values, flatten(call));
  if (values.size() < 2) return wrong(call, "a sample's standard deviation needs two values or more");
  const auto size = static_cast<double>(values.size());
  const double mean = sum_of(values) / size;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return make_number(std::sqrt(squares / (size - 1)), call.name);
}

Result<Value> vector_of(const Call& call) {
  SCORIA_TRY(values, flatten(call));
  return make_vector(std::move(values));
}

// One number gives a number, anything else a vector.
template <double (*function)(double)>
Result<Value> by_element(const Call& call) {
  if (call.arguments.size() == 1) {
    if (const auto* number = std::get_if<double>(&call.arguments[0])) return make_number(function(*number), call.name);
  }
  SCORIA_TRY(values, flatten(call));
  for (double& value : values) {
    value = function(value);
    if (!std::isfinite(value)) return wrong(call, "the result is no finite number");
  }
  return make_vector(std::move(values));
}

double log_2(double x) { return std::log2(x); }
double log_e(double x) { return std::log(x); }
double log_10(double x) { return std::log10(x); }
double up(double x) { return std::ceil(x); }
double down(double x) { return std::floor(x); }
double nearest(double x) { return std::round(x); }  // halves away from zero

struct VectorAndNumber {
  Vector vector;
  double number;
};

Result<VectorAndNumber> vector_and_number(const Call& call, const char* meaning) {
  const auto* vector = std::get_if<Vector>(&call.arguments[0]);
  const auto* number = std::get_if<double>(&call.arguments[1]);
  if (!vector || !number) return wrong(call, std::string("expected a vector and ") + meaning);
  return VectorAndNumber{*vector, *number};
}

// An element of the vector, as Azure has it, by nearest rank: the smallest that at least p percent do not exceed.
Result<Value> percentile(const Call& call) {
  SCORIA_TRY(given, vector_and_number(call, "a percentage from 0 to 100"));
  if (given.vector->empty()) return wrong(call, "an empty vector");
  if (!(given.number >= 0 && given.number <= 100)) return wrong(call, "the percentage must be 0 to 100");
  SCORIA_TRY_STATUS(call.budget.spend(given.vector->size()));
  std::vector<double> values = *given.vector;
  const double rank = std::ceil(given.number * static_cast<double>(values.size()) / 100);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max(rank, 1.0)) - 1;
  std::nth_element(values.begin(), at, values.end());
  return Value(*at);
}

Result<Value> element(const Call& call) {
  SCORIA_TRY(given, vector_and_number(call, "an index from 0"));
  const double at = std::trunc(given.number);
  if (at < 0 || at >= static_cast<double>(given.vector->size())) {
    return wrong(call, "the index " + show(given.number) + " is outside a vector of " +
                           std::to_string(given.vector->size()) + " elements, which count from 0");
  }
  return Value((*given.vector)[static_cast<std::size_t>(at)]);
}

// SplitMix64 (Steele, Lea, Flood 2014): one word of state, from any seed.
Result<Value> random(const Call& call) {
  std::uint64_t z = (call.random_state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  z ^= z >> 31;
  return Value(static_cast<double>(z >> 11) * 0x1p-53);
}

Result<Value> time(const Call& call) {
  if (call.arguments.empty()) return Value(instant_of(call.now));
  const auto* text = std::get_if<std::string>(&call.arguments[0]);
  if (!text) return wrong(call, "expected a text such as \"2026-11-29T18:00:00Z\"");
  if (text->empty()) return Value(instant_of(call.now));
  // W3C's profile also has a year, and a year and month.
  std::string whole = *text;
  if (whole.find_first_not_of("0123456789-") == std::string::npos) {
    if (whole.size() == 4) whole += "-01";
    if (whole.size() == 7) whole += "-01";
  }
  const auto parsed = parse_time(whole);
  if (!parsed.ok()) return wrong(call, parsed.error().message);
  return Value(instant_of(parsed.value()));
}

constexpr auto kFunctions = std::to_array<Function>({
    {"avg", 1, -1, average},
    {"ceil", 1, -1, by_element<up>},
    {"floor", 1, -1, by_element<down>},
    {"len", 0, -1, length},
    {"lg", 1, -1, by_element<log_2>},
    {"ln", 1, -1, by_element<log_e>},
    {"log", 1, -1, by_element<log_10>},
    {"max", 1, -1, maximum},
    {"min", 1, -1, minimum},
    {"norm", 0, -1, norm},
    {"percentile", 2, 2, percentile},
    {"rand", 0, 0, random},
    {"range", 1, -1, value_range},
    {"round", 1, -1, by_element<nearest>},
    {"std", 1, -1, deviation},
    {"stop", 0, 0, nullptr},
    {"sum", 0, -1, sum},
    {"time", 0, 1, time},
    {"val", 2, 2, element},
    {"vec", 0, -1, vector_of},
});

}  // namespace

std::optional<std::uint32_t> find_function(std::string_view name) {
  const auto found = std::ranges::find(kFunctions, name, &Function::name);
  if (found == kFunctions.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - kFunctions.begin());
}

const Function& function_at(std::uint32_t index) {
  SCORIA_CHECK(index < kFunctions.size());
  return kFunctions[index];
}

std::string function_names() {
  std::string names;
  for (const Function& function : kFunctions) names += (names.empty() ? "" : ", ") + std::string(function.name);
  return names;
}

}  // namespace scoria::sched::formula
