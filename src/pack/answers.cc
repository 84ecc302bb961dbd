#include "pack/answers.h"

#include <algorithm>
#include <cmath>

namespace scoria::pack {

Prediction prediction_of(Answer answer) {
  switch (answer) {
    case Answer::number:
    case Answer::exponential: return Prediction::number;
    case Answer::inside_above:
    case Answer::inside_from: return Prediction::flag;
    case Answer::first_class_above:
    case Answer::second_class_above: return Prediction::label;
  }
  throw_bug(__FILE__, __LINE__, "a known Answer");
}

bool has_decision(Answer answer) { return prediction_of(answer) != Prediction::number; }
bool has_score(Answer answer) { return prediction_of(answer) == Prediction::flag; }

void numbers(const View& view, std::span<const double> values, double* out) {
  if (view.answer == Answer::exponential) {
    for (std::size_t i = 0; i < values.size(); ++i) out[i] = std::exp(values[i]);
  } else {
    std::copy(values.begin(), values.end(), out);
  }
}

void flags(const View& view, std::span<const double> values, std::int32_t* out) {
  if (view.answer == Answer::inside_above) {
    for (std::size_t i = 0; i < values.size(); ++i) out[i] = values[i] > 0 ? 1 : -1;
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) out[i] = values[i] - view.offset >= 0 ? 1 : -1;
  }
}

void labels(const View& view, std::span<const double> values, std::int32_t* out) {
  const std::int32_t above = view.answer == Answer::first_class_above ? 0 : 1;
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = values[i] > 0 ? above : 1 - above;
}

void decisions(const View& view, std::span<const double> values, double* out) {
  switch (view.answer) {
    case Answer::first_class_above:
      for (std::size_t i = 0; i < values.size(); ++i) out[i] = -values[i];
      break;
    case Answer::inside_from:
      for (std::size_t i = 0; i < values.size(); ++i) out[i] = values[i] - view.offset;
      break;
    default: std::copy(values.begin(), values.end(), out);
  }
}

void scores(const View& view, std::span<const double> values, double* out) {
  decisions(view, values, out);
  for (std::size_t i = 0; i < values.size(); ++i) out[i] += view.offset;
}

}  // namespace scoria::pack
