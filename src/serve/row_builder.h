// Rows of a request on their way to a table: each cell becomes what its feature was when the model was fitted, or a mistake that names row and column.
// What no feature is called is never stored.
// Threads: one user. Borrows: the schema.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "serve/problem.h"
#include "serve/schema.h"
#include "table/table.h"

namespace scoria::serve {

// A value as it was sent.
struct Cell {
  enum class Kind : std::uint8_t { null, number, boolean, text };
  Kind kind = Kind::null;
  double number = 0;
  bool boolean = false;
  std::string_view text;  // of a text; of a number as it stood in the request, for messages
};

// Cells that all rows together may leave out: a body of a few bytes a row is not to become a table of ten thousand columns.
inline constexpr std::size_t kMostGaps = 8u << 20;

class RowBuilder {
 public:
  explicit RowBuilder(const Schema& schema);
  RowBuilder(const RowBuilder&) = delete;
  RowBuilder& operator=(const RowBuilder&) = delete;
  void reserve(std::size_t rows);

  // By rows: begin_row(), then cells in any order, then end_row().
  void begin_row() { ++rows_; }
  // A feature that has its cell already is a mistake, duplicate_key.
  void set(std::size_t feature, const Cell& cell);
  // What this row leaves out and another one has is missing, as R's jsonlite takes it, which writes no NA; what no row has is a mistake.
  void end_row();

  // By columns: set_next() puts a cell below those that the feature has.
  void set_next(std::size_t feature, const Cell& cell);
  bool has(std::size_t feature) const { return columns_[feature].size > 0; }
  // All columns must be as long as the longest one. After the last cell.
  void end_columns();

  void add_mistake(Mistake mistake);
  bool has_too_many_mistakes() const { return mistakes_.size() >= kMostMistakes; }
  std::size_t rows() const { return rows_; }
  const Schema& schema() const { return schema_; }

  // Once. `is_read`: the body was read to its end; else `problem` says why not, and a row may be there in part. `problem` gets the mistakes of
  // cells, if there are any: they tell more than where reading ended; else 413 where more than kMostGaps cells were left out. False: there is no table.
  bool finish(bool is_read, table::Table& table, Problem& problem);

 private:
  struct Texts {
    std::vector<std::string> values;
    std::vector<std::uint32_t> nulls;
  };
  struct Column {
    explicit Column(std::pmr::memory_resource* memory) : numbers(memory), codes(memory) {}
    std::size_t size = 0;
    std::size_t absent = 0;  // rows that left it out
    std::pmr::vector<double> numbers;
    std::pmr::vector<std::int32_t> codes;
    std::unique_ptr<Texts> texts;
  };
  void find_ragged_columns();
  void find_missing_columns();
  std::vector<double> doubles() const;
  table::Table take_table();
  void put(std::size_t feature, const Cell& cell);
  void put_number(std::size_t feature, const Cell& cell);
  void put_level(std::size_t feature, const Cell& cell);
  void put_missing(std::size_t feature);
  void refuse(std::size_t feature, const char* code, const Cell& cell, std::string what);

  const Schema& schema_;
  // Most requests have one row: theirs lies here, and nothing is asked from the allocator for each column.
  std::array<std::byte, 4096> room_;
  std::pmr::monotonic_buffer_resource memory_{room_.data(), room_.size()};
  std::pmr::vector<Column> columns_{&memory_};
  std::vector<Mistake> mistakes_;
  std::size_t rows_ = 0;
  std::size_t gaps_ = 0;  // cells that rows left out: more than kMostGaps are not kept
};

}  // namespace scoria::serve
