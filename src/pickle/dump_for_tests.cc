#include "pickle/dump_for_tests.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "pickle/array.h"
#include "pickle/rules.h"
#include "pickle/text.h"

namespace scoria::pickle {
namespace {

using Lines = std::vector<std::string>;

std::string hex(std::uint64_t x, int digits) {
  std::string text;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) text += "0123456789abcdef"[x >> shift & 15u];
  return text;
}

std::string dumped_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7F && byte != '\\') {
      out += c;
    } else {
      out += "\\x" + hex(byte, 2);
    }
  }
  return out + "\"";
}

std::string real(double x) { return std::isnan(x) ? "nan" : hex(std::bit_cast<std::uint64_t>(x), 16); }

std::string current_name(const Global& global) {
  static const std::map<std::string_view, std::string_view> renamed{
      {"xrange", "range"}, {"long", "int"}, {"unicode", "str"}};
  const auto found = renamed.find(global.name);
  return std::string(found == renamed.end() ? global.name : found->second);
}

std::string type_word(const DataType& type) {
  if (!type.fields.empty()) return "structured";
  return type.base != nullptr ? "subarray" : type_name(type);
}

// Through the functions that loaders use.
std::string elements(const Array& array) {
  std::string text;
  switch (array.type->kind) {
    case ElementKind::real: {
      if (array.type->item_size > 8) {
        for (std::uint64_t i = 0; i < array.count; ++i) text += " long";
        return text;
      }
      const std::vector<double> all = numbers(array).value();
      for (const double x : all) text += " " + real(x);
      if (array.type->item_size <= 4) {
        std::string again;
        const std::vector<float> narrow = floats(array).value();
        for (const float x : narrow) again += " " + real(x);
        if (again != text) return " floats() and numbers() differ";
      }
      return text;
    }
    case ElementKind::boolean:
    case ElementKind::signed_integer:
    case ElementKind::time:
    case ElementKind::time_difference: {
      const std::vector<std::int64_t> all = integers(array).value();
      for (const std::int64_t x : all) text += " " + std::to_string(x);
      return text;
    }
    case ElementKind::bytes:
    case ElementKind::text: {
      const std::vector<std::string> all = strings(array).value();
      for (const std::string& x : all) text += " " + dumped_text(x);
      return text;
    }
    case ElementKind::unsigned_integer:
      for (std::uint64_t i = 0; i < array.count; ++i) text += " " + element_text(array, i);
      return text;
    case ElementKind::complex:
      // The parts as two fields, as a reader of such arrays would take them.
      for (std::uint64_t i = 0; i < array.count; ++i) {
        const std::uint64_t half = array.type->item_size / 2;
        if (half > 8) {
          text += " long";
          continue;
        }
        DataType part = *array.type;
        part.kind = ElementKind::real;
        part.item_size = half;
        Array one{.type = &part, .data = array.data.subspan(element_offset(array, i))};
        text += " " + real(numbers(one).value()[0]);
        one.data = one.data.subspan(half);
        text += "," + real(numbers(one).value()[0]);
      }
      return text;
    case ElementKind::object:
    case ElementKind::raw: return "";
  }
  return " unknown";
}

class Dump {
 public:
  Lines lines(const Value& x) {
    switch (x.kind) {
      case Kind::none: return {"none"};
      case Kind::boolean: return {"bool " + std::to_string(x.integer)};
      case Kind::integer: return {"int " + std::to_string(x.integer)};
      case Kind::big_integer: return {"int " + big_integer_text(x.text)};
      case Kind::real: return {"float " + real(x.real)};
      case Kind::text: return {"str " + dumped_text(x.text)};
      case Kind::narrow_text: return {"narrow " + dumped_text(x.text)};
      case Kind::bytes: return {"bytes " + dumped_text(x.text)};
      case Kind::byte_array: return {"bytearray " + dumped_text(x.text)};
      case Kind::dtype: return {"dtype " + type_word(*x.type)};
      case Kind::global: return {"global " + current_name(*x.global)};
      case Kind::scalar: return array_lines("scalar", *x.array);
      default: break;
    }
    const auto open = std::find(path_.begin(), path_.end(), &x);
    if (open != path_.end()) return {"cycle " + std::to_string(path_.end() - open)};
    path_.push_back(&x);
    Lines out = x.kind == Kind::array    ? array_lines("array", *x.array)
                : x.kind == Kind::record ? record_lines(x)
                : x.kind == Kind::dict   ? dict_lines(x)
                                         : item_lines(x);
    path_.pop_back();
    return out;
  }

 private:
  static void indent(const Lines& from, std::size_t by, Lines& out) {
    for (const std::string& line : from) out.push_back(std::string(by, ' ') + line);
  }

  Lines array_lines(const std::string& word, const Array& array) {
    Lines out{word + " " + (array.type->kind == ElementKind::object ? "|O" : type_word(*array.type)) + " " +
              shape_text(array.shape)};
    for (const Field& part : array.type->fields) {
      if (part.type->base != nullptr) {
        out.push_back(" " + std::string(part.name) + ": subarray");
        continue;
      }
      const Lines inner = array_lines("field", field(array, part.name).value());
      out.push_back(" " + std::string(part.name) + ": " + inner[0]);
      indent({inner.begin() + 1, inner.end()}, 1, out);
    }
    if (array.type->fields.empty()) out[0] += elements(array);
    for (const Value* item : array.objects) indent(lines(*item), 1, out);
    return out;
  }

  Lines item_lines(const Value& x) {
    Lines out{std::string(kind_name(x.kind)) + " " + std::to_string(x.items.size())};
    std::vector<Lines> items;
    for (const Value* item : x.items) items.push_back(lines(*item));
    if (x.kind == Kind::set || x.kind == Kind::frozen_set) std::sort(items.begin(), items.end());
    for (const Lines& item : items) indent(item, 1, out);
    return out;
  }

  Lines dict_lines(const Value& x) {
    Lines out{"dict " + std::to_string(x.size())};
    std::vector<std::pair<Lines, Lines>> entries;
    for (std::size_t i = 0; i < x.size(); ++i) entries.emplace_back(lines(*x.items[2 * i]), lines(*x.items[2 * i + 1]));
    std::sort(entries.begin(), entries.end());
    for (const auto& [key, value] : entries) {
      indent(key, 1, out);
      indent(value, 2, out);
    }
    return out;
  }

  Lines record_lines(const Value& x) {
    const Record& record = *x.record;
    Lines out{"object " + current_module(record.type->module) + "." + current_name(*record.type)};
    const auto add = [&](const std::string& word, const Value* part, bool is_empty) {
      if (part == nullptr || is_empty) return;
      out.push_back(" " + word);
      indent(lines(*part), 2, out);
    };
    const auto is_hollow = [](const Value* part) {
      return part != nullptr && (part->kind == Kind::none || (part->kind == Kind::dict && part->items.empty()));
    };
    add("arguments", record.arguments, record.arguments->items.empty());
    add("keywords", record.keywords, is_hollow(record.keywords));
    add("state", record.state, is_hollow(record.state));
    add("elements", record.elements, false);
    add("entries", record.entries, false);
    return out;
  }

  std::vector<const Value*> path_;
};

}  // namespace

std::string dump_for_tests(const Value& root) {
  std::string text;
  for (const std::string& line : Dump().lines(root)) text += line + "\n";
  return text;
}

}  // namespace scoria::pickle
