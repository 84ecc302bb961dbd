// Pickled estimators made by hand, attribute by attribute, and what loading them says. Test programs only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/loaders.h"
#include "pickle/stream_for_tests.h"

namespace scoria::model::pipeline {

using Attributes = std::map<std::string, std::string>;  // name: its value's instructions

inline std::string whole(std::int32_t x) { return pickle::integer(x); }
inline std::string truth(bool is) { return is ? "\x88" : "\x89"; }
inline std::string sequence(const std::vector<std::string>& items) {
  std::string all = "](";
  for (const std::string& item : items) all += item;
  return all + "e";
}
inline std::string sizes(const std::vector<std::int32_t>& numbers) {
  std::string all = "(";
  for (const std::int32_t x : numbers) all += whole(x);
  return all + "t";
}

// A numpy array as numpy pickles it.
template <typename T>
std::string array_of(const std::vector<std::int32_t>& shape, const char* type, const std::vector<T>& values) {
  std::string data;
  for (const T x : values) data += pickle::little(x);
  return pickle::global("numpy.core.multiarray", "_reconstruct") + "(" + pickle::global("numpy", "ndarray") +
         sizes({0}) + pickle::bytes("b") + "tR(K\x01" + sizes(shape) + pickle::global("numpy", "dtype") +
         pickle::text(type) + "\x85R\x89" + pickle::bytes(data) + "tb";
}
inline std::string reals(const std::vector<std::int32_t>& shape, const std::vector<double>& values) {
  return array_of(shape, "f8", values);
}
inline std::string wholes(const std::vector<std::int64_t>& values) {
  return array_of({static_cast<std::int32_t>(values.size())}, "i8", values);
}

inline std::string object(const std::string& module, const std::string& name, const Attributes& attributes) {
  std::string all = pickle::global(module, name) + ")\x81}(";
  for (const auto& [key, value] : attributes) all += pickle::text(key) + value;
  return all + "ub";
}

inline Result<ModelPtr> load(const std::string& module, const std::string& name, const Attributes& attributes) {
  return open_model(pickle::as_bytes(pickle::stream(object(module, name, attributes))));
}

// An estimator that loads, and what is said of it with one attribute changed (removed, where the value is empty).
struct Estimator {
  std::string module;
  std::string name;
  Attributes attributes;

  struct Broken {
    std::string attribute;
    std::string value;
    std::string message;  // a part of it
    Code code = Code::corrupt;
  };

  void expect_loads() const {
    const auto loaded = load(module, name, attributes);
    EXPECT_TRUE(loaded.ok()) << name << ": " << loaded.error().message;
  }
  void expect_refuses(const std::vector<Broken>& changes) const {
    expect_loads();
    for (const Broken& broken : changes) {
      SCOPED_TRACE(name + ": " + broken.attribute + ": " + broken.message);
      Attributes changed = attributes;
      changed.erase(broken.attribute);
      if (!broken.value.empty()) changed[broken.attribute] = broken.value;
      const auto loaded = load(module, name, changed);
      ASSERT_FALSE(loaded.ok());
      EXPECT_EQ(loaded.error().code, broken.code) << loaded.error().message;
      EXPECT_THAT(loaded.error().message, testing::HasSubstr(broken.message));
    }
  }
};

}  // namespace scoria::model::pipeline
