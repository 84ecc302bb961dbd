// The answers of ready models, from their values: what the predictors of the model library do with theirs.
// Threads: free functions. Preconditions: `out` has room for all values; the answer is one that has such answers.
#pragma once

#include <cstdint>
#include <span>

#include "pack/ready_form.h"

namespace scoria::pack {

// What `predict` is.
enum class Prediction : std::uint8_t { number, flag, label };

Prediction prediction_of(Answer answer);
bool has_decision(Answer answer);
bool has_score(Answer answer);

void numbers(const View& view, std::span<const double> values, double* out);
void flags(const View& view, std::span<const double> values, std::int32_t* out);   // 1 inside, -1 outside
void labels(const View& view, std::span<const double> values, std::int32_t* out);  // positions
void decisions(const View& view, std::span<const double> values, double* out);
void scores(const View& view, std::span<const double> values, double* out);

}  // namespace scoria::pack
