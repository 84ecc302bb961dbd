// Text to a Filter's tree: a recursive descent with a bounded depth.
#include <charconv>
#include <cmath>

#include "base/iso8601.h"
#include "spec/odata_filter.h"
#include "spec/odata_paths.h"

namespace scoria::spec {
namespace {

constexpr int kMaxDepth = 64;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '/' ||
         c == '.' || c == ':' || c == '+' || c == '-';
}

struct Token {
  enum class Kind { end, word, text, time, open, close, comma, wrong } kind = Kind::end;
  std::size_t at = 0;
  std::string_view raw;
  std::string value;  // of text and time, without quotes
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) { advance(); }

  const Token& peek() const { return token_; }
  Token take() {
    Token taken = std::move(token_);
    advance();
    return taken;
  }

 private:
  void advance() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    token_ = {.at = at_};
    if (at_ == text_.size()) return;
    const char c = text_[at_];
    if (c == '\'') return quoted(at_, Token::Kind::text);
    if (c == '(' || c == ')' || c == ',') {
      token_.kind = c == '(' ? Token::Kind::open : c == ')' ? Token::Kind::close : Token::Kind::comma;
      return finish(at_ + 1);
    }
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    if (end == at_) {
      token_.kind = Token::Kind::wrong;
      return finish(at_ + 1);
    }
    if (end < text_.size() && text_[end] == '\'' && lower_case(text_.substr(at_, end - at_)) == "datetime") {
      return quoted(end, Token::Kind::time);
    }
    token_.kind = Token::Kind::word;
    finish(end);
  }

  // From the quote at `quote`; '' within stands for one.
  void quoted(std::size_t quote, Token::Kind kind) {
    std::size_t end = quote + 1;
    for (; end < text_.size(); ++end) {
      if (text_[end] == '\'') {
        if (end + 1 >= text_.size() || text_[end + 1] != '\'') break;
        ++end;
      }
      token_.value += text_[end];
    }
    token_.kind = end < text_.size() ? kind : Token::Kind::wrong;
    finish(std::min(end + 1, text_.size()));
  }
  void finish(std::size_t end) {
    token_.raw = text_.substr(at_, end - at_);
    at_ = end;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Token token_;
};

std::optional<Comparison> comparison_of(std::string_view word) {
  constexpr std::string_view kNames[] = {"eq", "ne", "gt", "ge", "lt", "le"};
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (word == kNames[i]) return static_cast<Comparison>(i);
  }
  return std::nullopt;
}

// 3 gt x is x lt 3.
Comparison turned(Comparison comparison) {
  switch (comparison) {
    case Comparison::gt: return Comparison::lt;
    case Comparison::ge: return Comparison::le;
    case Comparison::lt: return Comparison::gt;
    case Comparison::le: return Comparison::ge;
    default: return comparison;
  }
}

}  // namespace

class FilterParser {
 public:
  using Node = Filter::Node;
  FilterParser(Entity entity, std::string_view text) : entity_(entity), lexer_(text) {}

  Result<Node> parse() {
    SCORIA_TRY(root, any_of(0));
    if (lexer_.peek().kind != Token::Kind::end) return expected("'and', 'or' or the end");
    return std::move(root);
  }

 private:
  Error expected(std::string_view what) const {
    const Token& token = lexer_.peek();
    std::string message = "expected " + std::string(what) + " at character " + std::to_string(token.at + 1);
    if (token.kind == Token::Kind::end) {
      message += ", found the end";
    } else {
      message += ", found \"" + std::string(token.raw.substr(0, 64)) + "\"";
    }
    if (token.kind == Token::Kind::wrong && token.raw.find('\'') != std::string_view::npos) {
      message += ": a quote that is never closed";
    }
    return {Code::invalid, message};
  }
  bool next_is(std::string_view word) const {
    return lexer_.peek().kind == Token::Kind::word && lexer_.peek().raw == word;
  }

  Result<Node> any_of(int depth) { return chain(FilterKind::any_of, "or", depth); }
  Result<Node> chain(FilterKind kind, std::string_view word, int depth) {
    const auto operand = [&]() -> Result<Node> {
      return kind == FilterKind::any_of ? chain(FilterKind::all_of, "and", depth) : negation(depth);
    };
    SCORIA_TRY(first, operand());
    if (!next_is(word)) return std::move(first);
    Node node{.kind = kind};
    node.children.push_back(std::move(first));
    while (next_is(word)) {
      (void)lexer_.take();
      SCORIA_TRY(next, operand());
      node.children.push_back(std::move(next));
    }
    return node;
  }

  Result<Node> negation(int depth) {
    if (depth > kMaxDepth) {
      return Error{Code::invalid, "nests more than " + std::to_string(kMaxDepth) + " levels deep"};
    }
    if (next_is("not")) {
      (void)lexer_.take();
      SCORIA_TRY(inner, negation(depth + 1));
      Node node{.kind = FilterKind::none_of};
      node.children.push_back(std::move(inner));
      return node;
    }
    if (lexer_.peek().kind == Token::Kind::open) {
      (void)lexer_.take();
      SCORIA_TRY(inner, any_of(depth + 1));
      if (lexer_.peek().kind != Token::Kind::close) return expected("')'");
      (void)lexer_.take();
      return std::move(inner);
    }
    return next_is("startswith") ? starts_with() : comparison();
  }

  Result<Node> starts_with() {
    (void)lexer_.take();
    if (lexer_.peek().kind != Token::Kind::open) return expected("'(' behind startswith");
    (void)lexer_.take();
    SCORIA_TRY(path, property());
    if (lexer_.peek().kind != Token::Kind::comma) return expected("','");
    (void)lexer_.take();
    if (lexer_.peek().kind != Token::Kind::text) return expected("a text in single quotes");
    Node node{.kind = FilterKind::starts_with, .path = path.names, .literal = lower_case(lexer_.take().value)};
    if (path.field != nullptr && !is_text(*path.field)) {
      return Error{Code::invalid, "startswith takes a text, and '" + std::string(path.field->name) + "' is none"};
    }
    if (lexer_.peek().kind != Token::Kind::close) return expected("')'");
    (void)lexer_.take();
    return node;
  }

  Result<Node> comparison() {
    const bool is_turned = is_literal(lexer_.peek());
    Token literal;
    PropertyPath path;
    if (is_turned) {
      literal = lexer_.take();
    } else {
      SCORIA_TRY(left, property());
      path = std::move(left);
    }
    const Token& word = lexer_.peek();
    const auto comparison = word.kind == Token::Kind::word ? comparison_of(word.raw) : std::nullopt;
    if (!comparison) {
      // A boolean alone is a condition.
      if (!is_turned && path.field != nullptr && path.field->kind == FieldKind::boolean) {
        return Node{.kind = FilterKind::compare, .path = path.names, .literal = true};
      }
      return expected("one of eq, ne, gt, ge, lt, le");
    }
    (void)lexer_.take();
    if (is_turned) {
      SCORIA_TRY(right, property());
      path = std::move(right);
    } else {
      if (!is_literal(lexer_.peek())) return expected("a value: 'text', a number, true, false, null or DateTime'...'");
      literal = lexer_.take();
    }
    SCORIA_TRY(value, value_of(path, literal));
    return Node{.kind = FilterKind::compare,
                .path = path.names,
                .comparison = is_turned ? turned(*comparison) : *comparison,
                .literal = std::move(value)};
  }

  static bool is_literal(const Token& token) {
    if (token.kind == Token::Kind::text || token.kind == Token::Kind::time) return true;
    if (token.kind != Token::Kind::word) return false;
    const char first = token.raw.front();
    return (first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.' || token.raw == "true" ||
           token.raw == "false" || token.raw == "null";
  }
  static bool is_text(const Field& field) {
    return field.kind == FieldKind::text || field.kind == FieldKind::id || field.kind == FieldKind::one_of ||
           field.kind == FieldKind::duration;
  }

  Result<PropertyPath> property() {
    if (lexer_.peek().kind != Token::Kind::word || is_literal(lexer_.peek())) return expected("a property");
    SCORIA_TRY(path, resolve_path(entity_, lexer_.peek().raw));
    if (path.field != nullptr && (path.field->type != nullptr || path.field->kind >= FieldKind::some_of)) {
      return Error{Code::invalid, "property '" + std::string(lexer_.peek().raw) + "' has no single value to compare"};
    }
    (void)lexer_.take();
    return std::move(path);
  }

  // A literal as the property's type wants it.
  Result<Literal> value_of(const PropertyPath& path, const Token& token) {
    const auto wrong = [&](std::string_view wants) {
      return Error{Code::invalid, "property '" + std::string(path.field->name) + "' is compared with " +
                                      std::string(token.raw.substr(0, 64)) + ", must be with " + std::string(wants)};
    };
    if (token.kind == Token::Kind::word && token.raw == "null") return Literal(Null{});
    if (path.field == nullptr) return any_value(token);
    switch (path.field->kind) {
      case FieldKind::boolean:
        if (token.kind != Token::Kind::word || (token.raw != "true" && token.raw != "false")) {
          return wrong("true or false");
        }
        return Literal(token.raw == "true");
      case FieldKind::integer:
      case FieldKind::number: {
        const auto value = number(token);
        if (!value) return wrong("a number");
        return Literal(*value);
      }
      case FieldKind::time: {
        const auto value = parse_time(token.kind == Token::Kind::word ? token.raw : std::string_view(token.value));
        if (!value.ok()) return wrong("a time, as DateTime'2026-11-29T12:00:00Z'");
        return Literal(value.value());
      }
      default:
        if (token.kind != Token::Kind::text) return wrong("a text in single quotes");
        return Literal(lower_case(token.value));
    }
  }
  Result<Literal> any_value(const Token& token) {
    if (token.kind == Token::Kind::text) return Literal(lower_case(token.value));
    if (token.kind == Token::Kind::word && (token.raw == "true" || token.raw == "false")) {
      return Literal(token.raw == "true");
    }
    if (const auto value = number(token)) return Literal(*value);
    const auto time = parse_time(token.kind == Token::Kind::word ? token.raw : std::string_view(token.value));
    if (!time.ok())
      return Error{Code::invalid, "value " + std::string(token.raw.substr(0, 64)) + " is of no known type"};
    return Literal(time.value());
  }
  static std::optional<double> number(const Token& token) {
    if (token.kind != Token::Kind::word) return std::nullopt;
    std::string_view text = token.raw;
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
  }

  Entity entity_;
  Lexer lexer_;
};

Result<Filter> Filter::parse(Entity entity, std::string_view text) {
  Filter filter;
  if (text.size() > kMaxQueryBytes) {
    return query_error(
        "$filter", text,
        "has " + std::to_string(text.size()) + " bytes, must have at most " + std::to_string(kMaxQueryBytes));
  }
  if (std::ranges::all_of(text, is_blank)) return filter;
  auto root = FilterParser(entity, text).parse();
  if (!root.ok()) return query_error("$filter", text, root.error().message);
  filter.root_ = std::make_shared<const Node>(std::move(root).value());
  return filter;
}

}  // namespace scoria::spec
