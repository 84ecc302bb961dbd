// Writes R values as R's unserialize() reads them fastest: native byte order, version 2, no object that it would have to evaluate.
// Source: R Internals, "Serialization Formats". Threads: one user. Owns: the bytes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "table/table.h"

namespace scoria::serve::script {

class RStream {
 public:
  RStream();
  std::string take() { return std::move(bytes_); }

  // list(names[0] = , ...): as many values as names follow, then end_list().
  void begin_list(std::size_t size);
  void end_list(std::span<const std::string_view> names);
  void text(std::string_view value);  // character(1)
  void flag(bool value);              // logical(1)
  void raw(std::string_view value);
  // c(NAME = "value", ...)
  void named_texts(std::span<const std::pair<std::string, std::string>> items);
  // A data.frame; its row names are 1 to n.
  void frame(const table::Table& table);

 private:
  void word(std::int32_t value);
  void element(std::string_view text);  // CHARSXP
  void missing_element();
  void texts(std::span<const std::string_view> values);
  void symbol(std::string_view name);  // as an attribute's name, with the cell in front
  void column(const table::Column& column);

  std::string bytes_;
};

}  // namespace scoria::serve::script
