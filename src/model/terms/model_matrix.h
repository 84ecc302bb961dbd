// The columns of a model matrix: which variables, matrix columns, levels and contrasts each is the product of.
// Source: Chambers & Hastie, Statistical Models in S (1992), ch. 2: a factor is coded by contrasts where the terms hold its
// margin, by a column for each level elsewhere; R's `factors` attribute says 1 and 2 for it.
// Threads: immutable once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "rdata/value.h"

namespace scoria::model::terms {

struct ModelFrame;

// Expanded columns of one model matrix.
inline constexpr std::size_t kMaxExpandedColumns = 65'536;
// Factors of products, over all columns.
inline constexpr std::size_t kMaxMatrixParts = 1'000'000;
// Values of contrasts, over all factors.
inline constexpr std::size_t kMaxMatrixValues = 16'000'000;
inline constexpr std::size_t kMaxNameBytes = 64'000'000;

// What the matrix has to know of a variable.
struct CodedVariable {
  std::string name;
  bool is_factor = false;  // factors, text, and logical columns, whose levels are FALSE and TRUE
  bool is_ordered = false;
  std::vector<std::string> levels;
  std::size_t columns = 1;
  std::vector<std::string> column_names;
  const rdata::Value* contrasts = nullptr;  // read by make() only
};

// A term: a position and R's code (1 contrasts, 2 all levels) for each of its variables, in the order of the frame.
struct CodedTerm {
  std::string label;
  std::vector<std::pair<std::uint32_t, std::int32_t>> variables;
};

class ModelMatrix {
 public:
  // Errors: as contrast_coding(), naming the variable; too_large, beyond the limits above.
  static Result<ModelMatrix> make(const std::vector<CodedVariable>& variables, std::vector<CodedTerm> terms,
                                  bool has_intercept);

  const std::vector<std::string>& columns() const { return names_; }
  const std::vector<std::uint32_t>& assign() const { return assign_; }

  // As Terms::fill().
  void fill(const ModelFrame& frame, std::size_t first, std::size_t count, std::span<double> out) const;

 private:
  struct Coded;
  // One factor of a column's product.
  struct Part {
    enum class Kind : std::uint8_t { number, level, table };
    Kind kind = Kind::number;
    std::uint32_t variable = 0;
    std::uint32_t index = 0;  // number: the variable's column; level: the level; table: where its values begin
  };
  struct Column {
    std::uint32_t first_part = 0;
    std::uint32_t parts = 0;  // 0: the intercept
  };

  Status add_term(const std::vector<CodedVariable>& variables, const CodedTerm& term, std::uint32_t number,
                  std::vector<Coded>& contrasts, std::vector<Coded>& full);
  Result<const Coded*> coded(const CodedVariable& variable, std::uint32_t position, bool by_contrasts,
                             std::vector<Coded>& known);

  std::vector<std::string> names_;
  std::size_t name_bytes_ = 0;
  std::vector<std::uint32_t> assign_;
  std::vector<Column> columns_;
  std::vector<Part> parts_;
  std::vector<double> tables_;  // contrast columns, a value per level, one after the other
};

}  // namespace scoria::model::terms
