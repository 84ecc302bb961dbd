#include "table/csv_record.h"

#include <cstdint>
#include <cstring>
#include <utility>

namespace scoria::table {
namespace {

CsvRecord faulty(std::size_t position, std::size_t field, std::string what, Code code = Code::invalid) {
  CsvRecord record;
  record.state = CsvRecord::State::faulty;
  record.fault = {position, field, std::move(what), code};
  return record;
}

// Length of the valid UTF-8 sequence at the front of `text`, 0 when there is none (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto is_tail = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return is_tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && is_tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && is_tail(2) && is_tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

CsvRecord scan_record(std::string_view text, std::size_t begin, bool at_end, char separator, const CsvLimits& limits) {
  CsvRecord record;
  std::size_t field_begin = begin;
  std::size_t at = begin;
  enum class In { field_start, plain, quoted, after_quote } in = In::field_start;
  const auto field = [&] { return record.fields.size(); };
  const auto end_field = [&](std::size_t end) { record.fields.push_back(text.substr(field_begin, end - field_begin)); };
  const auto too_long = [&] {
    return faulty(begin, kNoField,
                  "the record is longer than the limit of " + std::to_string(limits.max_record_bytes) +
                      " bytes; is a quote left open?",
                  Code::too_large);
  };
  const auto finish = [&](std::size_t end, std::size_t next) {
    if (next - begin > limits.max_record_bytes) return too_long();
    end_field(end);
    record.next = next;
    record.state = CsvRecord::State::complete;
    return std::move(record);
  };
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (at - begin >= limits.max_record_bytes) return too_long();
    if (c == '\0') return faulty(at, field(), "a NUL byte; is this text?");
    if (in == In::quoted) {
      if (c == '"') in = In::after_quote;
      continue;
    }
    if (c == separator) {
      end_field(at);
      if (field() >= limits.max_fields) {
        return faulty(begin, kNoField, "more than " + std::to_string(limits.max_fields) + " fields", Code::too_large);
      }
      field_begin = at + 1;
      in = In::field_start;
    } else if (c == '\n') {
      return finish(at, at + 1);
    } else if (c == '\r') {
      if (at + 1 == text.size() && !at_end) return record;
      if (at + 1 == text.size() || text[at + 1] != '\n') {
        return faulty(at, field(), "a carriage return that ends no line; quote the field that holds it");
      }
      return finish(at, at + 2);
    } else if (c == '"') {
      if (in == In::plain) {
        return faulty(at, field(), "a quote inside an unquoted field; quote the field and double the quote");
      }
      in = In::quoted;  // opens the field, or is the second of a doubled quote
    } else if (in == In::after_quote) {
      return faulty(at, field(), "text after the closing quote; a quote inside a quoted field must be doubled");
    } else {
      in = In::plain;
    }
  }
  if (!at_end) return record;
  if (in == In::quoted) return faulty(field_begin, field(), "the quote that opens here is never closed");
  return finish(at, at);
}

std::size_t skip_blank_lines(std::string_view text, std::size_t begin) {
  for (;;) {
    if (begin < text.size() && text[begin] == '\n') {
      begin += 1;
    } else if (begin + 1 < text.size() && text[begin] == '\r' && text[begin + 1] == '\n') {
      begin += 2;
    } else {
      return begin;
    }
  }
}

std::string unquoted(std::string_view raw) {
  if (raw.empty() || raw.front() != '"') return std::string(raw);
  std::string out;
  raw = raw.substr(1, raw.size() - 2);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    out += raw[i];
    if (raw[i] == '"') ++i;
  }
  return out;
}

std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.size() - at >= 8) {
      std::uint64_t eight;
      std::memcpy(&eight, text.data() + at, 8);
      if ((eight & 0x8080808080808080ull) == 0) {
        at += 8;
        continue;
      }
    }
    const std::size_t length = sequence_length(text.substr(at, 4));
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace scoria::table
