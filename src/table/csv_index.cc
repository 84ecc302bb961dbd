#include "table/csv_index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

namespace scoria::table {
namespace {

constexpr std::size_t kStep = 64;
// Text, field ends and the column values made from them stay in the first and second level caches.
constexpr std::size_t kWindow = 32u << 10;
constexpr std::size_t kSmallestWindow = 256;
constexpr std::size_t kFieldsAtOnce = 8192;
// Field ends are 32-bit positions in a window, and a window is at most four times the longest record.
constexpr std::size_t kLongestRecord = 1u << 30;

// std::popcount is a library call without the popcnt instruction, which plain x86-64 lacks.
unsigned count_bits(std::uint64_t x) {
  x -= (x >> 1) & 0x5555555555555555ull;
  x = (x & 0x3333333333333333ull) + ((x >> 2) & 0x3333333333333333ull);
  x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0Full;
  return static_cast<unsigned>((x * 0x0101010101010101ull) >> 56);
}

// Bit i = parity of bits 0 to i: set from an opening quote up to before its closing one.
std::uint64_t prefix_xor(std::uint64_t x) {
  for (unsigned shift = 1; shift < 64; shift *= 2) x ^= x << shift;
  return x;
}

std::uint64_t below(std::size_t bit) { return bit >= 64 ? ~0ull : (1ull << bit) - 1; }

// What the end of one step tells the next one.
struct Carry {
  bool inside = false;        // in quotes
  bool field_ended = true;    // the last byte ended a field
  bool quote_closed = false;  // the last byte closed a quote, unless it is doubled
  bool returned = false;      // the last byte was a carriage return outside quotes
};

struct Step {
  std::uint64_t ends;
  std::uint64_t newlines;
  std::uint64_t bad;  // bytes that no well-formed record holds
};

Step next_step(const CsvMasks& masks, std::size_t size, Carry& carry) {
  const auto last_bit = [size](std::uint64_t mask) { return (mask >> (size - 1) & 1) != 0; };
  const std::uint64_t rare = masks.quotes | masks.returns | masks.zeros;
  Step step{masks.separators | masks.newlines, masks.newlines, 0};
  if (rare == 0 && !carry.inside && !carry.quote_closed && !carry.returned) {
    carry.field_ended = last_bit(step.ends);
    return step;
  }
  const std::uint64_t inside = prefix_xor(masks.quotes) ^ (carry.inside ? ~0ull : 0);
  const std::uint64_t opens = masks.quotes & inside;
  const std::uint64_t closes = masks.quotes & ~inside;
  const std::uint64_t returns = masks.returns & ~inside;
  step.ends &= ~inside;
  step.newlines &= ~inside;
  const std::uint64_t after_end = step.ends << 1 | (carry.field_ended ? 1 : 0);
  const std::uint64_t after_close = closes << 1 | (carry.quote_closed ? 1 : 0);
  const std::uint64_t after_return = returns << 1 | (carry.returned ? 1 : 0);
  step.bad = masks.zeros;
  step.bad |= opens & ~(after_end | after_close);                         // a quote in the middle of an unquoted field
  step.bad |= after_close & ~(step.ends | masks.returns | masks.quotes);  // text after a closing quote
  step.bad |= after_return & ~step.newlines;
  step.bad &= below(size);
  carry = {last_bit(inside), last_bit(step.ends), last_bit(closes), last_bit(returns)};
  return step;
}

}  // namespace

struct CsvIndex::Scan {
  std::size_t fields = 0;
  std::size_t newlines = 0;
  bool bad = false;   // stopped before a byte that is not well-formed
  bool full = false;  // stopped because there is no room for more fields
  bool non_ascii = false;
  bool has_returns = false;
};

CsvIndex::CsvIndex(char separator, std::size_t columns, std::size_t max_record_bytes)
    : separator_(separator),
      columns_(columns),
      max_record_bytes_(std::min(max_record_bytes, kLongestRecord)),
      window_(kWindow),
      ends_size_(std::max(2 * columns, kFieldsAtOnce) + 2 * kStep + 1),
      ends_(std::make_unique_for_overwrite<std::uint32_t[]>(ends_size_)) {
  SCORIA_CHECK(columns > 0);
}

CsvIndex::Scan CsvIndex::scan(std::string_view window, bool at_end) {
  Scan scan;
  Carry carry;
  ends_[0] = ~std::uint32_t{0};  // one before the first byte
  std::uint32_t* out = ends_.get() + 1;
  const std::uint32_t* const out_limit = ends_.get() + ends_size_ - kStep - 8;
  for (std::size_t at = 0; at < window.size(); at += kStep) {
    if (out > out_limit) {
      scan.full = true;
      break;
    }
    const std::size_t size = std::min(kStep, window.size() - at);
    CsvMasks masks;
    if (size == kStep) {
      masks = csv_masks(window.data() + at, separator_);
    } else {
      char rest[kStep];
      std::memset(rest, 'x', kStep);
      std::memcpy(rest, window.data() + at, size);
      masks = csv_masks(rest, separator_);
      masks.separators &= below(size);
    }
    Step step = next_step(masks, size, carry);
    if (step.bad != 0) {
      const std::uint64_t good = below(static_cast<std::size_t>(std::countr_zero(step.bad)));
      step.ends &= good;
      step.newlines &= good;
    }
    scan.non_ascii |= masks.non_ascii;
    scan.has_returns |= masks.returns != 0;
    scan.newlines += count_bits(step.newlines);
    const unsigned count = count_bits(step.ends);
    // Eight at a time without asking how many: the last ones are overwritten by what follows.
    for (unsigned written = 0; written < count; written += 8) {
      for (unsigned i = 0; i < 8; ++i) {
        out[written + i] = static_cast<std::uint32_t>(at) + static_cast<std::uint32_t>(std::countr_zero(step.ends));
        step.ends &= step.ends - 1;
      }
    }
    out += count;
    if (step.bad != 0) {
      scan.bad = true;
      break;
    }
  }
  if (at_end && !scan.bad && !scan.full) {
    scan.bad = carry.inside || carry.returned;
    if (!scan.bad && window.back() != '\n') {
      *out++ = static_cast<std::uint32_t>(window.size());
      ++scan.newlines;
    }
  }
  scan.fields = static_cast<std::size_t>(out - ends_.get()) - 1;
  return scan;
}

// How many rows from the first on have exactly columns_ fields.
std::size_t CsvIndex::whole_rows(const Scan& scan, std::string_view window) const {
  const std::uint32_t* ends = ends_.get() + 1;
  const auto ends_line = [&](std::size_t field) { return ends[field] >= window.size() || window[ends[field]] == '\n'; };
  if (columns_ == 1) {
    // An empty line is no row of one empty field but a blank line, which the next find() skips.
    const auto is_blank = [&](std::size_t row) {
      const std::uint32_t begin = ends_[row] + 1;
      return ends[row] == begin || (ends[row] == begin + 1 && window[begin] == '\r');
    };
    std::size_t row = 0;
    while (row < scan.fields && ends_line(row) && !is_blank(row)) ++row;
    return row;
  }
  // Every row's last field ends a line, and there are no more line ends than rows: then no other field ends one.
  if (scan.newlines * columns_ <= scan.fields) {
    std::size_t row = 0;
    while (row < scan.newlines && ends_line((row + 1) * columns_ - 1)) ++row;
    if (row == scan.newlines) return row;
  }
  for (std::size_t row = 0;; ++row) {
    for (std::size_t field = 0; field < columns_; ++field) {
      const std::size_t at = row * columns_ + field;
      if (at >= scan.fields || ends_line(at) != (field + 1 == columns_)) return row;
    }
  }
}

CsvIndex::Found CsvIndex::find(std::string_view text, std::size_t begin, bool at_end, std::size_t rows_wanted) {
  text_size_ = text.size();
  begin_ = skip_blank_lines(text, begin);
  next_ = begin_;
  block_ = {};
  if (begin_ == text.size()) return at_end ? Found::end : Found::more;
  std::size_t first_size = window_;
  if (row_bytes_ != 0 && rows_wanted < window_ / row_bytes_) {
    first_size = std::max(kSmallestWindow, rows_wanted * row_bytes_ + row_bytes_ / 2);
  }
  for (std::size_t size = first_size;; size *= 2) {
    const std::string_view window = text.substr(begin_, size);
    const bool to_the_end = window.size() == text.size() - begin_;
    const Scan result = scan(window, at_end && to_the_end);
    const std::size_t rows = whole_rows(result, window);
    if (rows > 0) return accept(text, result, rows);
    const bool unfinished = !result.bad && !result.full && result.newlines == 0;
    if (!unfinished || window.size() > max_record_bytes_) return refuse(text, at_end);
    if (to_the_end) return Found::more;
  }
}

CsvIndex::Found CsvIndex::accept(std::string_view text, const Scan& scan, std::size_t rows) {
  block_ = {text.data() + begin_, ends_.get() + 1, rows, columns_, scan.has_returns};
  if (scan.non_ascii) {
    const std::size_t invalid = find_invalid_utf8(text.substr(begin_, end_of_rows(rows) - begin_));
    if (invalid != std::string_view::npos) {
      const auto field = static_cast<std::size_t>(
          std::lower_bound(block_.ends, block_.ends + rows * columns_, static_cast<std::uint32_t>(invalid)) -
          block_.ends);
      rows = field / columns_;
      if (rows == 0) {
        fault_ = {begin_ + invalid, field, "a byte that is not UTF-8; convert the text to UTF-8", Code::invalid};
        return Found::fault;
      }
    }
  }
  if (end_of_rows(rows) - begin_ > max_record_bytes_) {
    std::size_t row = 0;
    while (row < rows && end_of_rows(row + 1) - (row == 0 ? begin_ : end_of_rows(row)) <= max_record_bytes_) ++row;
    if (row == 0) return refuse(text, true);
    rows = row;
  }
  block_.rows = rows;
  next_ = end_of_rows(rows);
  row_bytes_ = (next_ - begin_) / rows + 1;
  // Where rows end early again and again (blank lines), look ahead only a little.
  const bool cut_short = rows < scan.newlines || scan.bad;
  window_ =
      cut_short ? std::max(kSmallestWindow, std::min(kWindow, 2 * (next_ - begin_))) : std::min(kWindow, 2 * window_);
  return Found::rows;
}

CsvIndex::Found CsvIndex::refuse(std::string_view text, bool at_end) {
  block_ = {};
  const CsvRecord record = scan_record(text, begin_, at_end, separator_, {max_record_bytes_, 2 * columns_ + 1000});
  switch (record.state) {
    case CsvRecord::State::incomplete: return Found::more;
    case CsvRecord::State::faulty: fault_ = record.fault; return Found::fault;
    case CsvRecord::State::complete: break;
  }
  SCORIA_CHECK(record.fields.size() != columns_);
  fault_ = {begin_, kNoField,
            "the record has " + std::to_string(record.fields.size()) +
                (record.fields.size() == 1 ? " field" : " fields") + ", the header has " + std::to_string(columns_),
            Code::invalid};
  return Found::fault;
}

std::size_t CsvIndex::end_of_rows(std::size_t rows) const {
  return std::min(begin_ + block_.ends[rows * columns_ - 1] + std::size_t{1}, text_size_);
}

}  // namespace scoria::table
