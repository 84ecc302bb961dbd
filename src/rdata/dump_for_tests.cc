#include "rdata/dump_for_tests.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "base/na.h"

namespace scoria::rdata {
namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  char digits[3];
  for (const char c : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += digits;
  }
  return out;
}

std::string bits(double x) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(std::bit_cast<std::uint64_t>(x)));
  return digits;
}

std::string text_dump(const Text& text) {
  if (text.is_na) return "NA";
  switch (text.encoding) {
    case Encoding::utf8: return "UTF-8:" + hex(text.bytes);
    case Encoding::latin1: return "latin1:" + hex(text.bytes);
    case Encoding::bytes: return "bytes:" + hex(text.bytes);
    case Encoding::native:
    case Encoding::ascii: break;
  }
  return "unknown:" + hex(text.bytes);
}

class Dumper {
 public:
  void value(int depth, std::string_view label, const Value& x) {
    const std::string flags = std::string(x.is_object ? " object" : "") + (x.is_s4 ? " S4" : "");
    switch (x.kind) {
      case Kind::null: return line(depth, label, "NULL");
      case Kind::missing_argument: return line(depth, label, "missing");
      case Kind::symbol: return line(depth, label, "symbol " + hex(x.name));
      case Kind::builtin: return line(depth, label, "builtin " + std::string(x.name));
      case Kind::special: return line(depth, label, "special " + std::string(x.name));
      case Kind::global_environment: return line(depth, label, "globalenv");
      case Kind::empty_environment: return line(depth, label, "emptyenv");
      case Kind::base_environment: return line(depth, label, "baseenv");
      case Kind::base_namespace: return line(depth, label, "base namespace");
      case Kind::name_space: return line(depth, label, "namespace " + std::string(x.name));
      case Kind::package: return line(depth, label, "package " + std::string(x.name));
      case Kind::environment: return environment(depth, label, x);
      case Kind::bytecode: return value(depth, label, *x.body);
      case Kind::logical:
      case Kind::integer: integers(depth, label, (x.kind == Kind::logical ? "logical" : "integer") + flags, x); break;
      case Kind::real:
      case Kind::complex: reals(depth, label, (x.kind == Kind::real ? "double" : "complex") + flags, x); break;
      case Kind::raw: {
        std::string content = "raw" + flags + " [" + std::to_string(x.size()) + "]";
        for (const std::byte byte : x.bytes) content += " " + hex({reinterpret_cast<const char*>(&byte), 1});
        line(depth, label, content);
        break;
      }
      case Kind::character: {
        std::string content = "character" + flags + " [" + std::to_string(x.size()) + "]";
        for (const Text& text : x.texts) content += " " + text_dump(text);
        line(depth, label, content);
        break;
      }
      case Kind::list:
      case Kind::expression:
        line(depth, label,
             (x.kind == Kind::list ? "list" : "expression") + flags + " [" + std::to_string(x.size()) + "]");
        for (const Value* item : x.items) value(depth + 1, ".", *item);
        break;
      case Kind::pairlist:
      case Kind::language:
        line(depth, label,
             (x.kind == Kind::pairlist ? "pairlist" : "language") + flags + " [" + std::to_string(x.size()) + "]");
        for (const Named& cell : x.cells) value(depth + 1, cell.name.empty() ? "." : cell.name, *cell.value);
        break;
      case Kind::closure:
        line(depth, label, "closure" + flags);
        value(depth + 1, "formals", *x.formals);
        value(depth + 1, "body", *x.body);
        value(depth + 1, "environment", *x.environment);
        break;
      case Kind::s4: line(depth, label, "S4" + flags); break;
      case Kind::external_pointer: line(depth, label, "externalptr" + flags); break;
      case Kind::dots:
      case Kind::promise:
      case Kind::character_element:
      case Kind::weak_reference:
      case Kind::unbound_value: line(depth, label, "? " + std::string(kind_name(x.kind))); break;
    }
    attributes(depth, x);
  }

  std::string take() { return std::move(out_); }

 private:
  void line(int depth, std::string_view label, std::string_view content) {
    out_.append(static_cast<std::size_t>(depth), ' ').append(label).append(": ").append(content).append("\n");
  }

  static std::vector<Named> sorted(std::span<const Named> cells) {
    std::vector<Named> result(cells.begin(), cells.end());
    std::sort(result.begin(), result.end(), [](const Named& a, const Named& b) { return a.name < b.name; });
    return result;
  }

  void attributes(int depth, const Value& x) {
    for (const Named& attribute : sorted(x.attributes)) {
      value(depth + 1, "@" + std::string(attribute.name), *attribute.value);
    }
  }

  void environment(int depth, std::string_view label, const Value& x) {
    const auto found = std::find(seen_.begin(), seen_.end(), &x);
    if (found != seen_.end()) {
      return line(depth, label, "environment #" + std::to_string(found - seen_.begin() + 1));
    }
    seen_.push_back(&x);
    line(depth, label,
         std::string("environment") + (x.is_locked ? " locked" : "") + " new #" + std::to_string(seen_.size()));
    value(depth + 1, "enclosure", *x.environment);
    for (const Named& variable : sorted(x.cells)) value(depth + 1, variable.name, *variable.value);
    attributes(depth, x);
  }

  void integers(int depth, std::string_view label, std::string content, const Value& x) {
    content += " [" + std::to_string(x.size()) + "]";
    for (const std::int32_t i : x.integers) content += i == kNaInt ? " NA" : " " + std::to_string(i);
    line(depth, label, content);
  }

  void reals(int depth, std::string_view label, std::string content, const Value& x) {
    content += " [" + std::to_string(x.size()) + "]";
    const std::size_t parts = x.kind == Kind::complex ? 2 : 1;
    for (std::size_t i = 0; i < x.reals.size(); ++i) content += (i % parts == 0 ? " " : "") + bits(x.reals[i]);
    line(depth, label, content);
  }

  std::string out_;
  std::vector<const Value*> seen_;
};

}  // namespace

std::string dump_for_tests(const Value& root) {
  Dumper dumper;
  dumper.value(0, "root", root);
  return dumper.take();
}

}  // namespace scoria::rdata
