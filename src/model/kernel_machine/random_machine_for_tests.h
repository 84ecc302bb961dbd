// Machines and rows made of random numbers. Test programs only.
#pragma once

#include <random>
#include <vector>

#include "model/features.h"
#include "model/kernel_machine/stored_machine.h"

namespace scoria::model::kernel_machine {

struct MachineShape {
  KernelKind kind = KernelKind::rbf;
  std::size_t classes = 0;
  std::size_t vectors = 10;
  std::size_t dimensions = 3;
};

inline StoredMachine random_machine(const MachineShape& shape, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  StoredMachine machine;
  machine.kernel = {.kind = shape.kind, .gamma = 0.3, .coef0 = 0.2, .degree = 3};
  machine.dimensions = shape.dimensions;
  machine.classes = shape.classes;
  machine.vectors.resize(shape.vectors * shape.dimensions);
  machine.coefficients.resize(shape.vectors * (shape.classes == 0 ? 1 : shape.classes - 1));
  machine.rho.resize(machine.view().sums());
  for (auto* numbers : {&machine.vectors, &machine.coefficients, &machine.rho}) {
    for (double& x : *numbers) x = normal(random);
  }
  machine.class_counts.assign(shape.classes, 0);
  for (std::size_t v = 0; shape.classes != 0 && v < shape.vectors; ++v)
    ++machine.class_counts[random() % shape.classes];
  return machine;
}

// Every third row is a support vector, where there are some.
inline FeatureMatrix random_rows(const StoredMachine& machine, std::size_t rows, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  FeatureMatrix matrix;
  matrix.rows = rows;
  matrix.converted.assign(machine.dimensions, std::vector<double>(rows));
  const std::size_t vectors = machine.view().count();
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t vector = vectors == 0 ? 0 : random() % vectors;
    for (std::size_t j = 0; j < machine.dimensions; ++j) {
      const bool is_vector = row % 3 == 0 && vectors > 0;
      matrix.converted[j][row] = is_vector ? machine.vectors[vector * machine.dimensions + j] : normal(random);
    }
  }
  for (const auto& column : matrix.converted) matrix.columns.push_back(column.data());
  return matrix;
}

}  // namespace scoria::model::kernel_machine
