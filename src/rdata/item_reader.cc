#include "rdata/item_reader.h"

#include <algorithm>
#include <string>

#include "rdata/document.h"
#include "rdata/sexp_type.h"

namespace scoria::rdata {
namespace {

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80u) != 0; });
}

std::string with_article(std::string_view noun) {
  const bool vowel = std::string_view("aeiou").find(noun.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + std::string(noun);
}

Encoding encoding_named(std::string_view name) {
  if (name == "UTF-8" || name == "utf8" || name == "UTF8") return Encoding::utf8;
  for (const std::string_view latin1 : {"latin1", "ISO-8859-1", "ISO8859-1", "CP1252", "WINDOWS-1252"}) {
    if (name == latin1) return Encoding::latin1;
  }
  return Encoding::native;
}

std::string_view vector_word(std::int32_t type) {
  switch (type) {
    case sexp::kLogical: return "logical vector";
    case sexp::kInteger: return "integer vector";
    case sexp::kReal: return "double vector";
    case sexp::kComplex: return "complex vector";
    case sexp::kCharacter: return "character vector";
    case sexp::kRaw: return "raw vector";
    case sexp::kList: return "list";
    default: return "expression";
  }
}

}  // namespace

ItemReader::ItemReader(Cursor& cursor, Arena& arena, const ReadLimits& limits, std::string_view native_encoding)
    : cursor_(cursor),
      arena_(arena),
      limits_(limits),
      native_(encoding_named(native_encoding)),
      values_left_(limits.max_values),
      bytes_left_(limits.max_bytes),
      copied_cells_left_(cursor.left()) {}

const Value* ItemReader::read() {
  begin_item();
  while (!stack_.empty() && !cursor_.failed()) step();
  return cursor_.failed() ? nullptr : result_;
}

bool ItemReader::charge(std::uint64_t values, std::uint64_t bytes) {
  if (values > values_left_) {
    return cursor_.fail(Code::too_large, "more than " + std::to_string(limits_.max_values) + " values (max_values)");
  }
  if (bytes > bytes_left_) {
    return cursor_.fail(Code::too_large,
                        "its values need more than " + std::to_string(limits_.max_bytes) + " bytes (max_bytes)");
  }
  values_left_ -= values;
  bytes_left_ -= bytes;
  return true;
}

// nullptr when a limit is passed.
Value* ItemReader::make(Kind kind, std::int32_t flags) {
  if (!charge(1, sizeof(Value))) return nullptr;
  Value* value = arena_.make<Value>();
  value->kind = kind;
  value->is_object = (flags & sexp::kObjectFlag) != 0;
  value->is_s4 = kind == Kind::s4 || (sexp::levels_of(flags) & sexp::kS4Level) != 0;
  return value;
}

// Always false: an item that needs a frame is not finished.
bool ItemReader::open(Frame frame) {
  if (frame.job != Job::names && frame.value == nullptr) return false;  // make() has failed
  if (stack_.size() >= limits_.max_depth) {
    return cursor_.fail(Code::too_large,
                        "items nest deeper than " + std::to_string(limits_.max_depth) + " levels (max_depth)");
  }
  stack_.push_back(frame);
  return false;
}

void ItemReader::close(const Value* value) {
  stack_.pop_back();
  result_ = value;
}

bool ItemReader::finish_with_attributes(Value* value, bool has_attributes, std::size_t start) {
  if (!has_attributes) {
    result_ = value;
    return value != nullptr;
  }
  Frame frame(Job::attributes, start);
  frame.value = value;
  return open(frame);
}

bool ItemReader::begin_item() {
  const std::size_t start = cursor_.position();
  std::int32_t flags = 0;
  return cursor_.integer(flags) && begin_item(flags, start);
}

// True: result_ is the item. False: a frame was opened, or the cursor has failed.
bool ItemReader::begin_item(std::int32_t flags, std::size_t start) {
  const bool has_attributes = (flags & sexp::kAttributesFlag) != 0;
  Frame frame(Job::attributes, start);
  frame.has_attributes = has_attributes;
  frame.has_tag = (flags & sexp::kTagFlag) != 0;
  const auto constant_item = [&](Kind kind) {
    result_ = &constant(kind);
    return true;
  };
  const auto open_as = [&](Job job, Kind kind) {
    frame.job = job;
    frame.value = make(kind, flags);
    frame.base = cells_.size();
    return open(frame);
  };
  switch (sexp::type_of(flags)) {
    case sexp::kNull: return constant_item(Kind::null);
    case sexp::kEmptyEnvironment: return constant_item(Kind::empty_environment);
    case sexp::kBaseEnvironment: return constant_item(Kind::base_environment);
    case sexp::kGlobalEnvironment: return constant_item(Kind::global_environment);
    case sexp::kUnboundValue: return constant_item(Kind::unbound_value);
    case sexp::kMissingArgument: return constant_item(Kind::missing_argument);
    case sexp::kBaseNamespace: return constant_item(Kind::base_namespace);
    case sexp::kReference: return begin_reference(flags);
    case sexp::kSymbol: return begin_symbol();
    case sexp::kPackage: return begin_names(Kind::package, start);
    case sexp::kNamespace: return begin_names(Kind::name_space, start);
    case sexp::kPersistent: return begin_names(Kind::null, start);
    case sexp::kPairlist: return open_as(Job::pairlist, Kind::pairlist);
    case sexp::kLanguage: return open_as(Job::pairlist, Kind::language);
    case sexp::kDots: return open_as(Job::pairlist, Kind::dots);
    case sexp::kClosure: return open_as(Job::closure, Kind::closure);
    case sexp::kPromise: return open_as(Job::closure, Kind::promise);
    case sexp::kAltrep: {
      frame.levels = flags;
      return open_as(Job::altrep, Kind::null);
    }
    case sexp::kEnvironment: {
      std::int32_t locked = 0;
      if (!cursor_.integer(locked)) return false;
      frame.job = Job::environment;
      frame.value = make(Kind::environment, flags);
      if (frame.value == nullptr) return false;
      frame.value->is_locked = locked != 0;
      references_.push_back(frame.value);  // before its contents, which may refer to it
      return open(frame);
    }
    case sexp::kExternalPointer:
      frame.job = Job::pointer;
      frame.value = make(Kind::external_pointer, flags);
      references_.push_back(frame.value);
      return open(frame);
    case sexp::kWeakReference: {
      Value* value = make(Kind::weak_reference, flags);
      references_.push_back(value);
      return finish_with_attributes(value, has_attributes, start);
    }
    case sexp::kSpecial: return begin_builtin(Kind::special);
    case sexp::kBuiltin: return begin_builtin(Kind::builtin);
    case sexp::kBytecode: return begin_bytecode(start);
    case sexp::kS4: return finish_with_attributes(make(Kind::s4, flags), has_attributes, start);
    case sexp::kCharacterElement: {
      Value* value = make(Kind::character_element, 0);
      if (value == nullptr || !charge(1, sizeof(Text))) return false;
      const std::span<Text> text = arena_.make_array<Text>(1);
      if (!read_text(flags, text[0])) return false;
      value->texts = text;
      return finish_with_attributes(value, has_attributes, start);
    }
    case sexp::kLogical:
    case sexp::kInteger:
    case sexp::kReal:
    case sexp::kComplex:
    case sexp::kCharacter:
    case sexp::kRaw:
    case sexp::kList:
    case sexp::kExpression: return begin_vector(flags, start);
    default:
      return cursor_.fail_at(start, Code::unsupported,
                             "type code " + std::to_string(sexp::type_of(flags)) + " is not one that R writes");
  }
}

bool ItemReader::read_length(std::size_t width, std::string_view of_what, std::size_t& out) {
  const std::size_t start = cursor_.position();
  std::int32_t length = 0;
  if (!cursor_.integer(length)) return false;
  std::uint64_t count = static_cast<std::uint64_t>(length);
  if (length == -1) {  // a long vector: two words follow
    std::int32_t high = 0;
    std::int32_t low = 0;
    if (!cursor_.integer(high) || !cursor_.integer(low)) return false;
    count = static_cast<std::uint64_t>(static_cast<std::uint32_t>(high)) << 32 | static_cast<std::uint32_t>(low);
    if (high < 0 || high > 65'536) length = -2;
  }
  if (length < -1) return cursor_.fail_at(start, Code::corrupt, with_article(of_what) + " has a negative length");
  if (!cursor_.holds(count, width)) {
    return cursor_.fail_at(start, Code::corrupt,
                           with_article(of_what) + " claims " + std::to_string(count) + " elements, but only " +
                               std::to_string(cursor_.left()) + " bytes are left");
  }
  out = static_cast<std::size_t>(count);
  return true;
}

bool ItemReader::begin_vector(std::int32_t flags, std::size_t start) {
  const std::int32_t type = sexp::type_of(flags);
  const bool has_attributes = (flags & sexp::kAttributesFlag) != 0;
  // Bytes of one element at least: a string takes its flags and its length, an item its flags.
  const std::size_t width = type == sexp::kRaw                                ? 1
                            : type == sexp::kReal || type == sexp::kCharacter ? 8
                            : type == sexp::kComplex                          ? 16
                                                                              : 4;
  std::size_t length = 0;
  if (!read_length(width, vector_word(type), length)) return false;
  Frame frame(Job::vector, start);
  frame.has_attributes = has_attributes;
  const auto made = [&](Kind kind, std::size_t element_size, std::size_t values) {
    return charge(values, std::uint64_t{length} * element_size) ? make(kind, flags) : nullptr;
  };
  switch (type) {
    case sexp::kLogical:
    case sexp::kInteger: {
      Value* value = made(type == sexp::kLogical ? Kind::logical : Kind::integer, sizeof(std::int32_t), 0);
      if (value == nullptr) return false;
      const auto integers = arena_.make_array<std::int32_t>(length);
      if (!cursor_.integers(integers)) return false;
      value->integers = integers;
      return finish_with_attributes(value, has_attributes, start);
    }
    case sexp::kReal:
    case sexp::kComplex: {
      const std::size_t parts = type == sexp::kReal ? 1 : 2;
      Value* value = made(type == sexp::kReal ? Kind::real : Kind::complex, parts * sizeof(double), 0);
      if (value == nullptr) return false;
      const auto reals = arena_.make_array<double>(length * parts);
      if (!cursor_.reals(reals)) return false;
      value->reals = reals;
      return finish_with_attributes(value, has_attributes, start);
    }
    case sexp::kRaw: {
      Value* value = made(Kind::raw, 1, 0);
      if (value == nullptr) return false;
      const auto bytes = arena_.make_array<std::byte>(length);
      if (!cursor_.bytes(bytes)) return false;
      value->bytes = bytes;
      return finish_with_attributes(value, has_attributes, start);
    }
    case sexp::kCharacter:
      frame.job = Job::strings;
      frame.value = made(Kind::character, sizeof(Text), length);
      if (frame.value == nullptr) return false;
      frame.text_slots = arena_.make_array<Text>(length);
      return open(frame);
    default:
      frame.value = made(type == sexp::kList ? Kind::list : Kind::expression, sizeof(const Value*), 0);
      if (frame.value == nullptr) return false;
      frame.slots = arena_.make_array<const Value*>(length);
      return open(frame);
  }
}

bool ItemReader::begin_reference(std::int32_t flags) {
  std::int32_t index = static_cast<std::int32_t>(static_cast<std::uint32_t>(flags) >> 8);
  if (index == 0 && !cursor_.integer(index)) return false;
  if (index < 1 || static_cast<std::size_t>(index) > references_.size()) {
    return cursor_.fail(Code::corrupt, "reference to entry " + std::to_string(index) + " of a table of " +
                                           std::to_string(references_.size()));
  }
  result_ = references_[static_cast<std::size_t>(index) - 1];
  return true;
}

bool ItemReader::begin_symbol() {
  const std::size_t start = cursor_.position();
  std::int32_t flags = 0;
  if (!cursor_.integer(flags)) return false;
  if (sexp::type_of(flags) != sexp::kCharacterElement || (flags & sexp::kAttributesFlag) != 0) {
    return cursor_.fail_at(start, Code::corrupt, "a symbol's name is not a string");
  }
  Text text;
  Value* symbol = nullptr;
  if (!read_text(flags, text) || (symbol = make(Kind::symbol, 0)) == nullptr) return false;
  symbol->name = utf8_name(text);
  references_.push_back(symbol);
  result_ = symbol;
  return true;
}

bool ItemReader::begin_builtin(Kind kind) {
  std::size_t length = 0;
  Value* value = nullptr;
  std::string_view name;
  if (!read_length(1, "function name", length) || !charge(0, length) || !cursor_.text(length, arena_, name) ||
      (value = make(kind, 0)) == nullptr) {
    return false;
  }
  value->name = name;
  result_ = value;
  return true;
}

bool ItemReader::begin_names(Kind kind, std::size_t start) {
  std::int32_t zero = 0;
  if (!cursor_.integer(zero)) return false;
  if (zero != 0)
    return cursor_.fail(Code::corrupt, "a package or namespace has names of its names, which R never writes");
  std::size_t length = 0;
  if (!read_length(8, "package or namespace name", length)) return false;
  Frame frame(Job::names, start);
  if (!charge(length, length * sizeof(Text)) || (frame.value = make(kind, 0)) == nullptr) return false;
  frame.text_slots = arena_.make_array<Text>(length);
  return open(frame);
}

// The rest of a CHARSXP, whose flags were read. Attributes, which old versions of R wrote, are the caller's to skip.
bool ItemReader::read_text(std::int32_t flags, Text& out) {
  const std::size_t start = cursor_.position();
  std::int32_t length = 0;
  if (!cursor_.integer(length)) return false;
  if (length == -1) {
    out = Text{.bytes = {}, .encoding = Encoding::ascii, .is_na = true};
    return true;
  }
  if (length < 0) return cursor_.fail_at(start, Code::corrupt, "a string has a negative length");
  if (!cursor_.holds(static_cast<std::uint64_t>(length), 1)) {
    return cursor_.fail_at(start, Code::corrupt,
                           "a string claims " + std::to_string(length) + " bytes, but only " +
                               std::to_string(cursor_.left()) + " are left");
  }
  if (!charge(0, static_cast<std::uint64_t>(length))) return false;
  if (!cursor_.text(static_cast<std::size_t>(length), arena_, out.bytes)) return false;
  const std::int32_t levels = sexp::levels_of(flags);
  out.encoding = (levels & sexp::kUtf8Level) != 0     ? Encoding::utf8
                 : (levels & sexp::kLatin1Level) != 0 ? Encoding::latin1
                 : (levels & sexp::kBytesLevel) != 0  ? Encoding::bytes
                 : (levels & sexp::kAsciiLevel) != 0  ? Encoding::ascii
                                                      : native_;
  out.is_na = false;
  // Marks are missing in streams of R before 2.8, and false in hostile ones.
  if ((levels & (sexp::kUtf8Level | sexp::kLatin1Level | sexp::kBytesLevel)) == 0) {
    const bool plain = is_ascii(out.bytes);
    if (plain) out.encoding = Encoding::ascii;
    if (!plain && out.encoding == Encoding::ascii) out.encoding = native_;
  }
  return true;
}

std::string_view ItemReader::utf8_name(const Text& text) {
  if (text.is_na) return "NA";
  if (is_ascii(text.bytes)) return text.bytes;
  return arena_.copy(utf8(text));
}

bool ItemReader::set_attributes(Value* value, const Frame& frame) {
  if (result_->kind != Kind::pairlist && result_->kind != Kind::null) {
    return cursor_.fail_at(
        frame.start, Code::corrupt,
        "attributes of this item are " + with_article(kind_name(result_->kind)) + ", they must be a pairlist");
  }
  value->attributes = result_->cells;
  return true;
}

}  // namespace scoria::rdata
