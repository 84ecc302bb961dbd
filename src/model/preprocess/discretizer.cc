#include "model/preprocess/discretizer.h"

#include <algorithm>
#include <cmath>

#include "model/pipeline/numbers.h"
#include "model/pipeline/pipeline.h"
#include "model/pipeline/sklearn_steps.h"
#include "model/preprocess/names.h"

namespace scoria::model::preprocess {
namespace {

using Edges = std::vector<std::vector<double>>;

Result<Edges> read_inner_edges(const pickle::Object& object) {
  SCORIA_TRY(array, object.array("bin_edges_"));
  if (array->shape.size() != 1 || array->type->kind != pickle::ElementKind::object || array->count == 0) {
    return object.corrupt("bin_edges_", "must have an array of edges for each column");
  }
  Edges all;
  std::size_t total = 0;
  for (const pickle::Value* one : array->objects) {
    total += one->size();
    if (total > kMostColumns)
      return Error{Code::too_large, object.name() + " has more than " + std::to_string(kMostColumns) + " bins"};
    auto edges = pickle::to_numbers(*one);
    if (!edges.ok()) return object.corrupt("bin_edges_", edges.error().message);
    if (edges.value().size() < 2) return object.corrupt("bin_edges_", "must have at least two edges for each column");
    for (std::size_t i = 1; i < edges.value().size(); ++i) {
      if (!(edges.value()[i - 1] <= edges.value()[i])) return object.corrupt("bin_edges_", "must increase");
    }
    all.emplace_back(edges.value().begin() + 1, edges.value().end() - 1);
  }
  return all;
}

}  // namespace

std::vector<std::string> Discretizer::names_out(std::span<const std::string> names) const {
  return {names.begin(), names.end()};
}

Result<table::Table> Discretizer::transform(const table::Table& columns, std::size_t first_row) const {
  SCORIA_CHECK(columns.columns() == inner_edges_.size());
  SCORIA_TRY(x, pipeline::to_numbers(columns, {}, "KBinsDiscretizer", first_row));
  table::Table out(columns.rows());
  for (std::size_t j = 0; j < inner_edges_.size(); ++j) {
    const std::vector<double>& edges = inner_edges_[j];
    std::vector<double> bins(x.rows);
    for (std::size_t row = 0; row < x.rows; ++row) {
      double value = x.columns[j][row];
      if (leans_up_) value += 1e-8 + 1e-5 * std::fabs(value);
      bins[row] = static_cast<double>(std::upper_bound(edges.begin(), edges.end(), value) - edges.begin());
    }
    out.add(columns.names()[j], table::Column::real(std::move(bins)));
  }
  return out;
}

Result<pipeline::Step> load_discretizer(const pickle::Object& object, int depth) {
  SCORIA_TRY(edges, read_inner_edges(object));
  SCORIA_TRY(encode, object.text("encode"));
  const bool leans_up = pickle::attribute(object.value(), "subsample") == nullptr;  // which came with 1.1
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, edges.size(), step));
  const std::size_t count = edges.size();
  step.transformer = std::make_shared<Discretizer>(std::move(edges), leans_up);
  if (encode == "ordinal") return step;
  if (encode != "onehot" && encode != "onehot-dense") {
    return Error{Code::unsupported, object.name() + ": encode is '" + encode + "', which is not known"};
  }
  SCORIA_TRY(kept, object.get("_encoder"));
  SCORIA_TRY(encoder, pipeline::load_step(*kept, "'_encoder' of " + object.name(), depth + 1));
  if (encoder.transformer == nullptr || encoder.inputs.size() != count) {
    return object.corrupt("_encoder", "must take as many columns as have bin_edges_");
  }
  step.transformer = pipeline::chain({step, std::move(encoder)});
  return step;
}

}  // namespace scoria::model::preprocess
