#include "model/dense_net/layers.h"

#include <algorithm>
#include <cmath>

#include "model/pipeline/class_answers.h"

namespace scoria::model::dense_net {
namespace {

void activate(Activation activation, NumberColumns& values, std::size_t first, std::size_t count) {
  const auto each = [&](auto&& function) {
    for (std::vector<double>& column : values) {
      for (std::size_t i = first; i < first + count; ++i) column[i] = function(column[i]);
    }
  };
  switch (activation) {
    case Activation::identity: return;
    case Activation::logistic: return each(pipeline::sigmoid);
    case Activation::tanh: return each([](double x) { return std::tanh(x); });
    case Activation::relu: return each([](double x) { return x < 0 ? 0.0 : x; });
    case Activation::exponential: return each([](double x) { return std::exp(x); });
    case Activation::softmax: return pipeline::softmax(values, first, count);
  }
}

}  // namespace

Layers::Layers(std::vector<linear::Affine> layers, Activation hidden, Activation output)
    : layers_(std::move(layers)), hidden_(hidden), output_(output) {
  SCORIA_CHECK(!layers_.empty());
  for (std::size_t i = 1; i < layers_.size(); ++i) SCORIA_CHECK(layers_[i].inputs == layers_[i - 1].outputs);
}

void Layers::forward(const FeatureMatrix& x, std::size_t first, std::size_t count, NumberColumns& out) const {
  FeatureMatrix before;
  before.rows = count;
  for (const double* column : x.columns) before.columns.push_back(column + first);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const bool is_last = i + 1 == layers_.size();
    NumberColumns sums(layers_[i].outputs, std::vector<double>(count));
    layers_[i].apply(before, 0, count, sums);
    activate(is_last ? output_ : hidden_, sums, 0, count);
    before.converted = std::move(sums);
    before.columns.clear();
    for (const std::vector<double>& column : before.converted) before.columns.push_back(column.data());
  }
  for (std::size_t k = 0; k < out.size(); ++k) {
    std::copy_n(before.columns[k], count, out[k].begin() + static_cast<std::ptrdiff_t>(first));
  }
}

}  // namespace scoria::model::dense_net
