// Models as ready numbers: a chain of scalings, then a kernel machine or a weighted sum with one value for a row. They are scored where
// they lie in a pack, by the same kernels and the same operations as the models that they were made of, so answers are the same bits.
// Threads: free functions; a View and a Scratch are for one caller at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/kernel_machine/kernel_machine.h"
#include "model/loaders.h"
#include "pack/format.h"
#include "pack/schema.h"

namespace scoria::pack {

// How answers come from the one value.
enum class Answer : std::uint8_t {
  number = 1,          // the value is the prediction
  exponential,         // exp of it is
  inside_above,        // decision = value; inside above 0; score = decision + offset
  inside_from,         // decision = value - offset; inside from 0 on; score = decision + offset
  first_class_above,   // decision = -value; the first class where the value is above 0, else the second
  second_class_above,  // decision = value; the second class where it is above 0, else the first
};

struct ReadyModel {
  Form form = Form::kernel_machine;
  std::string schema;  // JSON
  std::string body;
};

// The ready form of a model; nullopt where it has none.
std::optional<ReadyModel> make_ready(const model::Model& model);

// The model that a ready form was made of. Errors: corrupt, saying what is wrong.
Result<model::ModelPtr> rebuild(Form form, const Schema& schema, std::span<const std::byte> body);

// A scaling's numbers, one for each column; null where there are none.
struct ScalingView {
  const double* subtract = nullptr;
  const double* divide = nullptr;
  const double* multiply = nullptr;
  const double* add = nullptr;
  bool is_limited = false;
  double least = 0;
  double most = 0;
};

inline constexpr std::size_t kMostScalings = 4;

// The numbers of a ready form, in place. Valid as long as they and this very object, which must not move: the machine looks into it.
struct View {
  View() = default;
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  Form form = Form::kernel_machine;
  Answer answer = Answer::number;
  std::size_t inputs = 0;
  double offset = 0;
  std::size_t scaling_count = 0;
  std::array<ScalingView, kMostScalings> scalings;
  model::kernel_machine::Machine machine;  // kernel_machine
  std::span<const double> weights;         // linear
  double shift = 0;                        // linear
  std::array<std::uint32_t, 2> class_counts{};
};

// Reads a body. Errors: corrupt. O(1).
Status read_view(Form form, std::span<const std::byte> body, View& view);

// Memory of values(), kept from call to call.
struct Scratch {
  std::vector<double> numbers;
  std::vector<const double*> columns;
};

// out[i] = the value of row first + i, i in [0, count). False, and nothing said, where a number on the way is not finite: such rows are
// for the model itself, which accepts or refuses them. Precondition: view.inputs columns.
bool values(const View& view, std::span<const double* const> columns, std::size_t first, std::size_t count,
            model::tree::Simd simd, Scratch& scratch, double* out);

}  // namespace scoria::pack
