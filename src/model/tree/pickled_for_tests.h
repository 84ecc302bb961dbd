// Objects as scikit-learn pickles them, written piece by piece so that a test can break any one. Test programs only.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pickle/stream_for_tests.h"

namespace scoria::model::tree {

// Pieces of a stream, each of which leaves one value.
struct Pickled {
  static std::string real(double x) {
    std::string big = pickle::little(x);
    return "G" + std::string(big.rbegin(), big.rend());
  }
  static std::string list(const std::vector<std::string>& items) { return "](" + joined(items) + "e"; }
  static std::string tuple(const std::vector<std::string>& items) { return "(" + joined(items) + "t"; }
  static std::string dtype(std::string_view code) {
    return pickle::global("numpy", "dtype") + pickle::text(code) + "\x85R";
  }

  // An array in C order; `data` are its bytes, or a list of pieces where `type` is that of objects.
  static std::string array(const std::vector<std::int32_t>& sizes, const std::string& type, const std::string& data) {
    std::vector<std::string> shape;
    for (const std::int32_t size : sizes) shape.push_back(pickle::integer(size));
    return pickle::global("numpy.core.multiarray", "_reconstruct") +
           tuple({pickle::global("numpy", "ndarray"), tuple({pickle::integer(0)}), pickle::bytes("b")}) + "R" +
           tuple({"K\x01", tuple(shape), type, "\x89", data}) + "b";
  }
  static std::string objects(const std::vector<std::int32_t>& sizes, const std::vector<std::string>& items) {
    return array(sizes, dtype("O"), list(items));
  }
  template <typename T>
  static std::string numbers(std::string_view code, const std::vector<T>& values,
                             std::vector<std::int32_t> sizes = {}) {
    std::string data;
    for (const T x : values) data += pickle::little(x);
    if (sizes.empty()) sizes = {static_cast<std::int32_t>(values.size())};
    return array(sizes, dtype(code), pickle::bytes(data));
  }

  // A structured array of fields of eight bytes, one number a row: whole ones, but for the fields named in `reals`.
  using Fields = std::map<std::string, std::vector<double>>;
  static std::string structured(const Fields& fields, const std::set<std::string>& reals) {
    std::vector<std::string> names;
    std::string places = "}";
    std::int32_t size = 0;
    for (const auto& [name, values] : fields) {
      names.push_back(pickle::text(name));
      places += pickle::text(name) + dtype(reals.count(name) > 0 ? "f8" : "i8") + pickle::integer(size) + "\x86s";
      size += 8;
    }
    const std::string type = dtype("V" + std::to_string(size)) + "(K\x03" + pickle::text("|") + "N" + tuple(names) +
                             places + pickle::integer(size) + "K\x01" + "K\x10" + "tb";
    std::string data;
    const std::size_t rows = fields.empty() ? 0 : fields.begin()->second.size();
    for (std::size_t row = 0; row < rows; ++row) {
      for (const auto& [name, values] : fields) {
        data += reals.count(name) > 0 ? pickle::little(values[row])
                                      : pickle::little(static_cast<std::int64_t>(values[row]));
      }
    }
    return array({static_cast<std::int32_t>(rows)}, type, pickle::bytes(data));
  }

  using Attributes = std::map<std::string, std::string>;
  static std::string object(std::string_view module, std::string_view name, const Attributes& attributes) {
    return made(pickle::global(module, name) + ")\x81", attributes);
  }
  // An object of `maker`, which leaves one, with these attributes.
  static std::string made(const std::string& maker, const Attributes& attributes) {
    std::string state = "}(";
    for (const auto& [key, value] : attributes) state += pickle::text(key) + value;
    return maker + state + "ub";
  }

 private:
  static std::string joined(const std::vector<std::string>& items) {
    std::string all;
    for (const std::string& item : items) all += item;
    return all;
  }
};

}  // namespace scoria::model::tree
