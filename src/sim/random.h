// Random numbers that are the same everywhere for the same seed: what the simulator decides by.
// Source: xoshiro256** 1.0 and splitmix64, Blackman & Vigna, prng.di.unimi.it (public domain); no distribution of the standard
// library, as those differ between libraries.
// Threads: one at a time.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace scoria::sim {

// The next number of splitmix64, whose whole state is `state`.
constexpr std::uint64_t splitmix64(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// The next number of xoshiro256**.
constexpr std::uint64_t xoshiro256(std::array<std::uint64_t, 4>& state) {
  const std::uint64_t result = std::rotl(state[1] * 5, 7) * 9;
  const std::uint64_t shifted = state[1] << 17;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = std::rotl(state[3], 45);
  return result;
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : seed_(seed) {
    for (std::uint64_t& word : state_) word = splitmix64(seed);
  }

  std::uint64_t next() { return xoshiro256(state_); }

  // 0 to n - 1, each as likely. n is at least 1.
  std::uint64_t below(std::uint64_t n) {
    SCORIA_CHECK(n > 0);
    const std::uint64_t unfair = -n % n;  // as many of the lowest numbers as would come once too often
    std::uint64_t number = next();
    while (number < unfair) number = next();
    return number % n;
  }

  // `least` to `most`, both included.
  std::int64_t between(std::int64_t least, std::int64_t most) {
    SCORIA_CHECK(least <= most);
    const std::uint64_t width = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
    const std::uint64_t step = width == UINT64_MAX ? next() : below(width + 1);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(least) + step);
  }

  // 0 to below 1.
  double fraction() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  // True with probability p. Draws a number in any case, so that a switch does not move all that follows.
  bool chance(double p) { return fraction() < p; }

  template <typename Container>
  auto& pick(Container& container) {
    return *std::next(std::begin(container), static_cast<std::ptrdiff_t>(below(std::size(container))));
  }

  template <typename Container>
  void shuffle(Container& container) {
    for (std::size_t left = std::size(container); left > 1; --left) {
      using std::swap;
      swap(container[left - 1], container[below(left)]);
    }
  }

  // A stream of its own: of the seed and the name only, however many numbers were drawn before.
  Random fork(std::string_view name) const {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (const char letter : name) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
    std::uint64_t mixed = seed_;
    return Random(splitmix64(mixed) ^ hash);
  }

 private:
  std::uint64_t seed_;
  std::array<std::uint64_t, 4> state_;
};

}  // namespace scoria::sim
