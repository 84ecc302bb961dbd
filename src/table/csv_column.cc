#include "table/csv_column.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/na.h"
#include "table/number_fast.h"
#include "table/number_text.h"

namespace scoria::table {
namespace {

constexpr std::uint8_t kMissingLogical = 2;

bool is_quoted(std::string_view raw) { return !raw.empty() && raw.front() == '"'; }

// A missing value in a number or logical column. Quoted text is never missing.
bool is_missing(std::string_view raw) { return raw.empty() || raw == "NA" || is_blank(raw); }

// What a number or logical is read from: R reads "5" in quotes as 5. A doubled quote inside is in no number.
std::string_view bare(std::string_view raw) { return is_quoted(raw) ? raw.substr(1, raw.size() - 2) : raw; }

std::string_view raw_cell(const CsvBlock& block, std::size_t row, std::size_t field) {
  const char* begin = block.begin(row, field);
  return {begin, static_cast<std::size_t>(block.end(row, field) - begin)};
}

// The text of a cell; `scratch` holds it when the quotes had to be taken away.
std::string_view text_of(std::string_view raw, std::string& scratch) {
  if (!is_quoted(raw)) return raw;
  const std::string_view inner = raw.substr(1, raw.size() - 2);
  if (inner.find('"') == std::string_view::npos) return inner;
  scratch = unquoted(raw);
  return scratch;
}

}  // namespace

CsvColumn::Kind CsvColumn::kind_of(Type type) {
  switch (type) {
    case Type::logical: return Kind::logical;
    case Type::integer: return Kind::integer;
    case Type::real: return Kind::real;
    case Type::text: return Kind::text;
    case Type::factor: return Kind::factor;
  }
  throw_bug(__FILE__, __LINE__, "a known Type");
}

CsvColumn::CsvColumn(std::optional<Type> given, CsvGuess guess)
    : given_(given), guess_(guess), kind_(given ? kind_of(*given) : Kind::undecided) {
  clear();
}

void CsvColumn::clear() {
  rows_ = 0;
  saw_empty_ = false;
  saw_negative_zero_ = false;
  reals_ = {};
  integers_ = {};
  logicals_ = {};
  offsets_ = {0};
  bytes_ = {};
  null_texts_ = {};
}

void CsvColumn::restart() { clear(); }

void CsvColumn::reserve(std::size_t rows) { expected_rows_ = rows; }

CsvColumn::Kind CsvColumn::kind_that_fits(std::string_view raw) const {
  if (kind_ == Kind::text || kind_ == Kind::factor) return kind_;
  const std::string_view cell = bare(raw);
  if (kind_ == Kind::undecided || kind_ == Kind::logical) {
    if (parse_logical(cell)) return Kind::logical;
    if (kind_ == Kind::logical) return Kind::text;
    if (guess_ == CsvGuess::from_all_rows && parse_integer(cell)) return Kind::integer;
  }
  return parse_real(cell) ? Kind::real : Kind::text;
}

// Takes on a wider type and keeps the rows so far; false when they must be read again.
bool CsvColumn::become(Kind kind) {
  const Kind before = std::exchange(kind_, kind);
  if (rows_ == 0) return true;
  if (before == Kind::integer && kind == Kind::real && !saw_negative_zero_) {
    reals_.reserve(std::max(rows_, expected_rows_));
    for (const std::int32_t x : integers_) reals_.push_back(x == kNaInt ? na_real() : x);
    integers_ = {};
    return true;
  }
  if (before != Kind::undecided) return false;
  switch (kind) {
    case Kind::logical: logicals_.assign(rows_, kMissingLogical); return true;
    case Kind::integer: integers_.assign(rows_, kNaInt); return true;
    case Kind::real: reals_.assign(rows_, na_real()); return true;
    case Kind::text:
      if (saw_empty_) return false;
      offsets_.assign(rows_ + 1, 0);
      for (std::size_t row = 0; row < rows_; ++row) null_texts_.push_back(row);
      return true;
    case Kind::undecided:
    case Kind::factor: break;
  }
  throw_bug(__FILE__, __LINE__, "a wider kind");
}

CsvColumn::Fit CsvColumn::append(const CsvBlock& block, std::size_t field, const char* readable_from) {
  const char* const fast_from = readable_from + kFastNumberReach;
  for (std::size_t row = 0;;) {
    const std::size_t before = row;
    switch (kind_) {
      case Kind::undecided: row = append_missing(block, field, row); break;
      case Kind::logical: row = append_logicals(block, field, row); break;
      case Kind::integer: row = append_integers(block, field, row, fast_from); break;
      case Kind::real: row = append_reals(block, field, row, fast_from); break;
      case Kind::text: row = append_texts(block, field, row); break;
      case Kind::factor: row = append_codes(block, field, row); break;
    }
    rows_ += row - before;
    if (row == block.rows) return Fit::all;
    misfit_row_ = row;
    if (given_) return Fit::none;
    const bool only_this_block = rows_ == row;
    if (!become(kind_that_fits(raw_cell(block, row, field)))) {
      if (!only_this_block) return Fit::again;
      clear();
      row = 0;
    }
  }
}

std::size_t CsvColumn::append_missing(const CsvBlock& block, std::size_t field, std::size_t row) {
  for (; row < block.rows; ++row) {
    const std::string_view raw = raw_cell(block, row, field);
    if (!is_missing(raw)) break;
    saw_empty_ = saw_empty_ || raw != "NA";
  }
  return row;
}

std::size_t CsvColumn::append_logicals(const CsvBlock& block, std::size_t field, std::size_t row) {
  if (logicals_.capacity() == 0) logicals_.reserve(expected_rows_);
  for (; row < block.rows; ++row) {
    const std::string_view raw = raw_cell(block, row, field);
    if (is_missing(raw)) {
      logicals_.push_back(kMissingLogical);
    } else if (const auto value = parse_logical(bare(raw))) {
      logicals_.push_back(*value ? 1 : 0);
    } else {
      break;
    }
  }
  return row;
}

std::size_t CsvColumn::append_integers(const CsvBlock& block, std::size_t field, std::size_t row,
                                       const char* fast_from) {
  if (integers_.capacity() == 0) integers_.reserve(expected_rows_);
  const std::size_t first = row;
  const std::size_t before = integers_.size();
  integers_.resize(before + block.rows - first);
  std::int32_t* out = integers_.data() + before;
  for (; row < block.rows; ++row, ++out) {
    const char* begin = block.begin(row, field);
    const char* end = block.end(row, field);
    if (end >= fast_from && fast_integer(begin, end, *out)) [[likely]] {
      if (*out == 0 && *begin == '-') saw_negative_zero_ = true;
      continue;
    }
    const std::string_view raw(begin, static_cast<std::size_t>(end - begin));
    if (is_missing(raw)) {
      *out = kNaInt;
    } else if (const auto value = parse_integer(bare(raw))) {
      *out = *value;
      saw_negative_zero_ = saw_negative_zero_ || (*value == 0 && raw.find('-') != std::string_view::npos);
    } else {
      break;
    }
  }
  integers_.resize(before + row - first);
  return row;
}

std::size_t CsvColumn::append_reals(const CsvBlock& block, std::size_t field, std::size_t row, const char* fast_from) {
  if (reals_.capacity() == 0) reals_.reserve(expected_rows_);
  const std::size_t first = row;
  const std::size_t before = reals_.size();
  reals_.resize(before + block.rows - first);
  double* out = reals_.data() + before;
  for (; row < block.rows; ++row, ++out) {
    const char* begin = block.begin(row, field);
    const char* end = block.end(row, field);
    if (end >= fast_from && fast_real(begin, end, *out)) [[likely]]
      continue;
    const std::string_view raw(begin, static_cast<std::size_t>(end - begin));
    if (is_missing(raw)) {
      *out = na_real();
    } else if (const auto value = parse_real(bare(raw))) {
      *out = *value;
    } else {
      break;
    }
  }
  reals_.resize(before + row - first);
  return row;
}

std::size_t CsvColumn::append_texts(const CsvBlock& block, std::size_t field, std::size_t row) {
  if (offsets_.capacity() <= 1) offsets_.reserve(expected_rows_ + 1);
  for (; row < block.rows; ++row) {
    const std::string_view raw = raw_cell(block, row, field);
    if (raw == "NA") {
      null_texts_.push_back(offsets_.size() - 1);
    } else {
      bytes_ += text_of(raw, cell_);
    }
    offsets_.push_back(static_cast<std::int64_t>(bytes_.size()));
  }
  return row;
}

std::size_t CsvColumn::append_codes(const CsvBlock& block, std::size_t field, std::size_t row) {
  if (integers_.capacity() == 0) integers_.reserve(expected_rows_);
  for (; row < block.rows; ++row) {
    const std::string_view raw = raw_cell(block, row, field);
    if (raw == "NA") {
      integers_.push_back(-1);
      continue;
    }
    const std::string_view text = text_of(raw, cell_);
    // Equal neighbours are common, and comparing is cheaper than hashing.
    if (!integers_.empty() && integers_.back() >= 0 && levels_[static_cast<std::size_t>(integers_.back())] == text) {
      integers_.push_back(integers_.back());
      continue;
    }
    const auto [at, is_new] = code_of_.emplace(text, static_cast<std::int32_t>(levels_.size()));
    if (is_new) levels_.emplace_back(text);
    integers_.push_back(at->second);
  }
  return row;
}

ColumnPtr CsvColumn::finish() && {
  if (kind_ == Kind::undecided) {
    if (guess_ == CsvGuess::from_first_rows) return Column::real(std::vector<double>(rows_, na_real()));
    logicals_.assign(rows_, kMissingLogical);
    kind_ = Kind::logical;
  }
  Validity validity(rows_);
  switch (kind_) {
    case Kind::logical:
      for (std::size_t row = 0; row < rows_; ++row) {
        if (logicals_[row] == kMissingLogical) validity.set_null(row);
      }
      return Column::logical(std::move(logicals_), std::move(validity));
    case Kind::integer: return Column::integer(std::move(integers_));
    case Kind::real: return Column::real(std::move(reals_));
    case Kind::text:
      for (const std::size_t row : null_texts_) validity.set_null(row);
      return Column::text(std::move(offsets_), std::move(bytes_), std::move(validity));
    case Kind::factor:
      return Column::factor(std::move(integers_), std::make_shared<const std::vector<std::string>>(std::move(levels_)));
    case Kind::undecided: break;
  }
  throw_bug(__FILE__, __LINE__, "a decided kind");
}

}  // namespace scoria::table
