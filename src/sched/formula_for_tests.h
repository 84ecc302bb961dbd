// Formulas in tests: an input of valid defaults, and what a formula or one expression gives for it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/iso8601.h"
#include "sched/autoscale.h"

namespace scoria::sched {

inline WallTime at(std::string_view text) { return parse_time(text).value(); }

struct FormulaInput : AutoscaleInput {
  FormulaInput() {
    now = at("2026-11-25T10:15:00Z");  // a Wednesday
    history_begin = now - std::chrono::hours(1);
  }
  // Samples every 30 s, the last one now.
  FormulaInput& with(const std::string& metric, std::vector<double> values) {
    metrics[metric] = Series{std::move(values), now};
    return *this;
  }
  FormulaInput& with_steady(const std::string& metric, double value, int count) {
    return with(metric, std::vector<double>(static_cast<std::size_t>(count), value));
  }
};

inline Result<AutoscaleOutcome> evaluate(std::string_view text, const AutoscaleInput& input = FormulaInput()) {
  auto formula = Formula::parse(text);
  if (!formula.ok()) return std::move(formula).error();
  return formula.value().evaluate(input);
}

// The value of one expression as the results show it, or the error's message.
inline std::string value_of(const std::string& expression, const AutoscaleInput& input = FormulaInput()) {
  const auto outcome = evaluate("x = " + expression, input);
  if (!outcome.ok()) return outcome.error().message;
  const std::string& results = outcome.value().results;
  return results.substr(results.find(";x=") + 3);
}

inline std::string message_of(std::string_view text, const AutoscaleInput& input = FormulaInput()) {
  const auto outcome = evaluate(text, input);
  return outcome.ok() ? "no error: " + outcome.value().results : outcome.error().message;
}

inline std::string code_of(std::string_view text, const AutoscaleInput& input = FormulaInput()) {
  const auto outcome = evaluate(text, input);
  return outcome.ok() ? "no error" : outcome.error().api_code;
}

// An expression that has no value, and a part of the message that says why.
struct Refused {
  const char* expression;
  const char* message;
};

inline constexpr const char* kSyntaxError = "AutoScalingFormulaSyntaxError";
inline constexpr const char* kEvaluationError = "AutoScalingFormulaEvaluationError";

}  // namespace scoria::sched
