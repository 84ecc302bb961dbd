#include "model/tree/float32_cut.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace scoria::model::tree {

double float32_cut(double threshold) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  // What overflow rounds from: one step beyond the largest float32, as a double.
  constexpr double kBeyond = 0x1p128;
  auto last = static_cast<float>(threshold);  // becomes the largest float32 that goes left
  if (static_cast<double>(last) > threshold) last = std::nextafter(last, -kInfinity);
  if (last == kInfinity) return std::numeric_limits<double>::infinity();
  const float next = std::nextafter(last, kInfinity);
  const double low = last == -kInfinity ? -kBeyond : static_cast<double>(last);
  const double high = next == kInfinity ? kBeyond : static_cast<double>(next);
  const double middle = low + (high - low) / 2;  // exact: doubles have bits to spare
  // A number in the middle goes to the neighbour whose last bit is 0; infinity is one.
  const bool is_even = (std::bit_cast<std::uint32_t>(last) & 1u) == 0;
  return is_even ? middle : std::nextafter(middle, -std::numeric_limits<double>::infinity());
}

}  // namespace scoria::model::tree
