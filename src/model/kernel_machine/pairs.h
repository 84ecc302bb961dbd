// From the values of pairs of classes to a class, to a value for each class, to probabilities.
// Source: Knerr et al. (1990) for votes; Platt (1999) and Wu, Lin & Weng, JMLR 5 (2004), algorithm 2, for probabilities; the order of
// operations and the bounds are libsvm's.
// Threads: free functions over immutable input. Pairs: (0, 1), (0, 2), ..., (1, 2), ...; value p of a row is values[p * stride].
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace scoria::model::kernel_machine {

// The class with most votes, of several the first. A value above 0 votes for the first of its pair.
std::uint32_t voted_class(std::size_t classes, const double* values, std::size_t stride);

// scikit-learn's decision_function_shape = "ovr": votes, and confidences that stay within a third of a vote. out[class * out_stride].
// Here a value of 0 votes for the first of its pair, unlike in voted_class().
void one_against_rest(std::size_t classes, const double* values, std::size_t stride, double* out,
                      std::size_t out_stride);

enum class TwoClasses : std::uint8_t {
  coupled,   // as more classes are: scikit-learn, and older libsvm
  directly,  // the pair's own probability: newer libsvm
};

// out[class] = the probability of each class, from one row's values. Preconditions: prob_a and prob_b have one number for each pair.
void class_probabilities(std::size_t classes, const double* values, std::size_t stride, std::span<const double> prob_a,
                         std::span<const double> prob_b, TwoClasses two, std::span<double> out);

}  // namespace scoria::model::kernel_machine
