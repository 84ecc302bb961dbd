#include "rdata/writer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <limits>
#include <unordered_map>
#include <vector>

#include "base/gzip.h"
#include "base/na.h"
#include "rdata/sexp_type.h"

namespace scoria::rdata {
namespace {

constexpr std::int32_t kVersion230 = 0x00020300;  // the first R that reads version 2 as it is now
constexpr std::int32_t kVersion350 = 0x00030500;  // the first R that reads version 3

// The primitive parts of a stream in one of its formats.
class Out {
 public:
  explicit Out(WriteFormat format) : ascii_(format == WriteFormat::ascii), bytes_(ascii_ ? "A\n" : "X\n") {}

  void integer(std::int32_t value) {
    if (!ascii_) return big_endian(static_cast<std::uint32_t>(value), 4);
    if (value == kNaInt) {
      bytes_ += "NA\n";
    } else {
      decimal(value);
    }
  }

  void real(double value) {
    if (!ascii_) return big_endian(std::bit_cast<std::uint64_t>(value), 8);
    if (is_na(value)) {
      bytes_ += "NA\n";
    } else if (std::isnan(value)) {
      bytes_ += "NaN\n";
    } else if (std::isinf(value)) {
      bytes_ += value > 0 ? "Inf\n" : "-Inf\n";
    } else {
      decimal(value);
    }
  }

  void raw(std::span<const std::byte> bytes) {
    if (!ascii_) {
      bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return;
    }
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (const std::byte byte : bytes) {
      bytes_ += kDigits[std::to_integer<unsigned>(byte) >> 4];
      bytes_ += kDigits[std::to_integer<unsigned>(byte) & 15u];
      bytes_ += '\n';
    }
  }

  void text(std::string_view text) {
    if (!ascii_) {
      bytes_ += text;
      return;
    }
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte > ' ' && byte < 0x7F && c != '\\' && c != '"' && c != '\'' && c != '?') {
        bytes_ += c;
      } else {
        bytes_ += '\\';
        for (int shift = 6; shift >= 0; shift -= 3) bytes_ += static_cast<char>('0' + (byte >> shift & 7));
      }
    }
    bytes_ += '\n';
  }

  void length(std::size_t count) {
    if (count <= 0x7FFFFFFF) return integer(static_cast<std::int32_t>(count));
    integer(-1);
    integer(static_cast<std::int32_t>(static_cast<std::uint32_t>(count >> 32)));
    integer(static_cast<std::int32_t>(static_cast<std::uint32_t>(count)));
  }

  std::string take() { return std::move(bytes_); }

 private:
  void big_endian(std::uint64_t value, int width) {
    for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) bytes_ += static_cast<char>(value >> shift & 0xFF);
  }
  template <typename Number>
  void decimal(Number value) {
    std::array<char, 32> buffer;
    const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    SCORIA_CHECK(code == std::errc());
    bytes_.append(buffer.data(), end) += '\n';
  }

  bool ascii_;
  std::string bytes_;
};

// Writes items in their order from an own stack of what is still to be written, so that depth costs no machine stack.
class ItemWriter {
 public:
  explicit ItemWriter(Out& out) : out_(out) {}

  Status write(const Value& root) {
    push({Part::item, &root});
    while (!todo_.empty()) {
      const Todo todo = todo_.back();
      todo_.pop_back();
      switch (todo.part) {
        case Part::item: SCORIA_TRY_STATUS(item(*todo.value)); break;
        case Part::elements: elements(todo); break;
        case Part::tag: SCORIA_TRY_STATUS(symbol(todo.cells[todo.next].name)); break;
        case Part::cells: cells(todo); break;
      }
    }
    return Ok{};
  }

 private:
  enum class Part : std::uint8_t { item, elements, tag, cells };
  struct Todo {
    Part part;
    const Value* value = nullptr;       // item; elements
    std::span<const Named> cells = {};  // tag; cells
    std::size_t next = 0;
  };

  // What is pushed last is written first.
  void push(const Todo& todo) { todo_.push_back(todo); }
  void push_attributes(const Value& value) {
    if (!value.attributes.empty()) push({Part::cells, nullptr, value.attributes});
  }

  static std::int32_t flags(const Value& value, std::int32_t type) {
    return type | (value.is_object ? sexp::kObjectFlag : 0) | (value.attributes.empty() ? 0 : sexp::kAttributesFlag) |
           (value.is_s4 ? sexp::kS4Level << 12 : 0);
  }

  Status text(const Text& text) {
    if (text.is_na) {
      out_.integer(sexp::kCharacterElement);
      out_.integer(-1);
      return Ok{};
    }
    if (text.bytes.size() > std::numeric_limits<std::int32_t>::max()) {
      return Error{Code::too_large,
                   "a string of " + std::to_string(text.bytes.size()) + " bytes; R's hold at most 2147483647"};
    }
    const bool plain = std::none_of(text.bytes.begin(), text.bytes.end(),
                                    [](char c) { return (static_cast<unsigned char>(c) & 0x80u) != 0; });
    std::int32_t level = 0;
    switch (text.encoding) {
      case Encoding::utf8: level = sexp::kUtf8Level; break;
      case Encoding::latin1: level = sexp::kLatin1Level; break;
      case Encoding::bytes: level = sexp::kBytesLevel; break;
      case Encoding::native:
      case Encoding::ascii: break;
    }
    if (plain && text.encoding != Encoding::bytes) level = sexp::kAsciiLevel;
    out_.integer(sexp::kCharacterElement | level << 12);
    out_.integer(static_cast<std::int32_t>(text.bytes.size()));
    out_.text(text.bytes);
    return Ok{};
  }

  bool reference(std::int32_t index) {
    if (index == 0) return false;
    if (index < 1 << 23) {
      out_.integer(index << 8 | sexp::kReference);
    } else {
      out_.integer(sexp::kReference);
      out_.integer(index);
    }
    return true;
  }

  Status symbol(std::string_view name) {
    std::int32_t& index = symbols_[name];
    if (reference(index)) return Ok{};
    index = ++references_;
    out_.integer(sexp::kSymbol);
    return text({.bytes = name, .encoding = Encoding::utf8});
  }

  // True if it was written as a reference to what came before.
  bool met_before(const Value& value) {
    std::int32_t& index = entries_[&value];
    if (reference(index)) return true;
    index = ++references_;
    return false;
  }

  // The flags of a cell are written, its tag and value and what follows it are left to do.
  void cell(std::int32_t type, std::span<const Named> cells, std::size_t index) {
    const bool tagged = !cells[index].name.empty();
    out_.integer(type | (tagged ? sexp::kTagFlag : 0));
    push({Part::cells, nullptr, cells, index + 1});
    push({Part::item, cells[index].value});
    if (tagged) push({Part::tag, nullptr, cells, index});
  }

  void cells(const Todo& todo) {
    if (todo.next == todo.cells.size()) {
      out_.integer(sexp::kNull);
    } else {
      cell(sexp::kPairlist, todo.cells, todo.next);
    }
  }

  void elements(const Todo& todo) {
    if (todo.next == todo.value->items.size()) return;
    push({Part::elements, todo.value, {}, todo.next + 1});
    push({Part::item, todo.value->items[todo.next]});
  }

  Status strings(std::span<const Text> texts) {
    for (const Text& element : texts) SCORIA_TRY_STATUS(text(element));
    return Ok{};
  }

  Status names(const Value& value, std::int32_t type) {
    if (met_before(value)) return Ok{};
    out_.integer(type);
    out_.integer(0);
    out_.length(value.texts.size());
    return strings(value.texts);
  }

  void environment(const Value& value) {
    if (met_before(value)) return;
    out_.integer(sexp::kEnvironment);
    out_.integer(value.is_locked ? 1 : 0);
    push({Part::cells, nullptr, value.attributes});  // NULL where there are none
    push({Part::item, &null_});                      // no hash table
    push({Part::cells, nullptr, value.cells});
    push({Part::item, value.environment});
  }

  void closure(const Value& value) {
    const bool promise = value.kind == Kind::promise;
    const bool tagged = value.environment != nullptr;
    out_.integer(flags(value, promise ? sexp::kPromise : sexp::kClosure) | (tagged ? sexp::kTagFlag : 0));
    const Value* body = value.body;
    push({Part::item, body->kind == Kind::bytecode ? body->body : body});
    push({Part::item, promise ? value.promised : value.formals});
    if (tagged) push({Part::item, value.environment});
    push_attributes(value);
  }

  Status vector(const Value& value) {
    const auto head = [&](std::int32_t type) {
      out_.integer(flags(value, type));
      out_.length(value.size());
      push_attributes(value);
    };
    switch (value.kind) {
      case Kind::logical:
      case Kind::integer:
        head(value.kind == Kind::logical ? sexp::kLogical : sexp::kInteger);
        for (const std::int32_t x : value.integers) out_.integer(x);
        return Ok{};
      case Kind::real:
      case Kind::complex:
        head(value.kind == Kind::real ? sexp::kReal : sexp::kComplex);
        for (const double x : value.reals) out_.real(x);
        return Ok{};
      case Kind::raw:
        head(sexp::kRaw);
        out_.raw(value.bytes);
        return Ok{};
      case Kind::character: head(sexp::kCharacter); return strings(value.texts);
      default:
        head(value.kind == Kind::list ? sexp::kList : sexp::kExpression);
        push({Part::elements, &value});
        return Ok{};
    }
  }

  Status item(const Value& value) {
    const auto code = [&](std::int32_t type) {
      out_.integer(type);
      return Status(Ok{});
    };
    switch (value.kind) {
      case Kind::null: return code(sexp::kNull);
      case Kind::global_environment: return code(sexp::kGlobalEnvironment);
      case Kind::base_environment: return code(sexp::kBaseEnvironment);
      case Kind::empty_environment: return code(sexp::kEmptyEnvironment);
      case Kind::base_namespace: return code(sexp::kBaseNamespace);
      case Kind::missing_argument: return code(sexp::kMissingArgument);
      case Kind::unbound_value: return code(sexp::kUnboundValue);
      case Kind::symbol: return symbol(value.name);
      case Kind::name_space: return names(value, sexp::kNamespace);
      case Kind::package: return names(value, sexp::kPackage);
      case Kind::environment: environment(value); return Ok{};
      case Kind::closure:
      case Kind::promise: closure(value); return Ok{};
      case Kind::pairlist:
      case Kind::language:
      case Kind::dots:
        if (value.cells.empty()) return code(sexp::kNull);
        cell(flags(value, value.kind == Kind::pairlist   ? sexp::kPairlist
                          : value.kind == Kind::language ? sexp::kLanguage
                                                         : sexp::kDots),
             value.cells, 0);
        push_attributes(value);
        return Ok{};
      case Kind::builtin:
      case Kind::special:
        out_.integer(value.kind == Kind::builtin ? sexp::kBuiltin : sexp::kSpecial);
        out_.length(value.name.size());
        out_.text(value.name);
        return Ok{};
      case Kind::s4: push_attributes(value); return code(flags(value, sexp::kS4));
      case Kind::character_element: return text(value.texts[0]);
      case Kind::logical:
      case Kind::integer:
      case Kind::real:
      case Kind::complex:
      case Kind::character:
      case Kind::raw:
      case Kind::list:
      case Kind::expression: return vector(value);
      case Kind::external_pointer:
      case Kind::weak_reference:
      case Kind::bytecode: break;
    }
    return Error{Code::unsupported,
                 "cannot write " + std::string(kind_name(value.kind)) + ": it has no meaning outside its process"};
  }

  Out& out_;
  Value null_;
  std::vector<Todo> todo_;
  std::unordered_map<std::string_view, std::int32_t> symbols_;
  std::unordered_map<const Value*, std::int32_t> entries_;
  std::int32_t references_ = 0;
};

}  // namespace

Result<std::string> write(const Value& value, const WriteOptions& options) {
  if (options.version != 2 && options.version != 3) {
    return Error{Code::invalid, "serialization version " + std::to_string(options.version) + "; it must be 2 or 3"};
  }
  Out out(options.format);
  const std::int32_t oldest_reader = options.version == 2 ? kVersion230 : kVersion350;
  out.integer(options.version);
  out.integer(oldest_reader);  // the writer's place: we are no R, and this is whose format it is
  out.integer(oldest_reader);
  if (options.version == 3) {
    constexpr std::string_view kEncoding = "UTF-8";
    out.length(kEncoding.size());
    out.text(kEncoding);
  }
  SCORIA_TRY_STATUS(ItemWriter(out).write(value));
  std::string bytes = out.take();
  return options.gzip ? gzip(bytes) : bytes;
}

}  // namespace scoria::rdata
