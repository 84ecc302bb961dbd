// Any bytes as a model: what loads is described and scores a few rows, and every kernel must give the plain walk's bits.
// A mutator of its own also writes numbers that matter into whole words, as streams are made of big-endian words.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <span>

#include "model/loaders.h"
#include "model/table_for_tests.h"

namespace {

using namespace scoria;

constexpr rdata::ReadLimits kLimits{.decompress = {.max_bytes = 1u << 20, .max_ratio = 50},
                                    .max_depth = 200,
                                    .max_values = 20'000,
                                    .max_bytes = 1u << 20};

void require_empty(const std::string& difference) {
  if (difference.empty()) return;
  std::fprintf(stderr, "kernels differ: %s\n", difference.c_str());
  std::abort();
}

constexpr std::int32_t kWords[] = {0,  1,  2,   3,    -1,    -2,    -3,     INT32_MIN,  INT32_MAX,
                                   5,  53, 127, 1024, 65533, 65535, 100000, 0x7FF00000, 0x7FF80000,
                                   13, 14, 16,  19,   254,   526,   787,    1026};
constexpr double kDoubles[] = {0.0,
                               -0.0,
                               1.0,
                               -1.0,
                               0.5,
                               2.0,
                               1e300,
                               -1e300,
                               2147483648.0,
                               4294967296.0,
                               9e15,
                               1e19,
                               1e-308,
                               3.0,
                               5.0,
                               1e5,
                               std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity()};

std::uint64_t interesting_double(std::mt19937& random) {
  if (random() % 8 == 0) return random() % 2 == 0 ? 0x7FF00000000007A2ull : 0x7FF8000000000000ull;  // NA, NaN
  return std::bit_cast<std::uint64_t>(kDoubles[random() % std::size(kDoubles)]);
}

void write_big_endian(std::uint8_t* at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) at[i] = static_cast<std::uint8_t>(value >> 8 * (width - 1 - i));
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  std::mt19937 random(seed);
  if (size < 32 || random() % 3 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::size_t at = random() % (size - 8);
  switch (random() % 5) {
    case 0: write_big_endian(data + at, static_cast<std::uint32_t>(kWords[random() % std::size(kWords)]), 4); break;
    case 1: write_big_endian(data + at, interesting_double(random), 8); break;
    case 2: data[at] = static_cast<std::uint8_t>(data[at] + (random() % 2 == 0 ? 1 : -1)); break;
    case 3: {  // a word from elsewhere
      const std::size_t from = random() % (size - 8);
      std::copy_n(data + from, 4, data + at);
      break;
    }
    default: {  // a number a little larger or smaller, as its last byte
      data[at + 3] = static_cast<std::uint8_t>(random() % 8);
      break;
    }
  }
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto opened = model::open_model(std::as_bytes(std::span(data, size)), {}, kLimits);
  if (!opened.ok()) {
    if (opened.error().message.empty()) std::abort();
    return 0;
  }
  const model::Model& model = *opened.value();
  if (model.description().types.empty() || model.description().title.empty()) std::abort();
  require_empty(difference_between_kernels(model, model::table_for(model.description(), 17)));
  require_empty(difference_between_kernels(model, model::table_for(model.description(), 19, /*wild=*/true)));
  return 0;
}
