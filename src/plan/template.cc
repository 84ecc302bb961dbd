#include "plan/template.h"

#include <algorithm>

#include "arrowio/uri.h"
#include "expr/parse.h"

namespace scoria::plan {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_plain_file_name(std::string_view text) {
  if (text.empty() || text == "." || text == "..") return false;
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '/' || c == '\\' || is_control(c); });
}

std::string printable(std::string text) {
  std::replace_if(text.begin(), text.end(), is_control, '?');
  return text;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kPlain = "-._~";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (is_letter || kPlain.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 15];
  }
  return encoded;
}

}  // namespace

Result<Template> Template::parse(std::string_view text) {
  Template result;
  result.text_ = text;
  std::string literal;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_doubled = (c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c;
    if (is_doubled) ++i;
    if (is_doubled || (c != '{' && c != '}')) {
      literal += c;
      continue;
    }
    const std::size_t end = text.find('}', i);
    if (c == '}' || end == std::string_view::npos) {
      return Error{Code::invalid, "'" + std::string(text) + "', character " + std::to_string(i + 1) +
                                      ": a brace without its partner; write {{ or }} for a brace itself"};
    }
    SCORIA_TRY(expression, expr::parse(text.substr(i + 1, end - i - 1)));
    for (const std::string& name : expr::names_used(expression)) result.names_.insert(name);
    result.parts_.push_back({std::move(literal), expression});
    literal.clear();
    i = end;
  }
  result.parts_.push_back({std::move(literal), std::nullopt});
  return result;
}

std::vector<std::string> Template::names_in_order() const {
  std::vector<std::string> names;
  for (const Part& part : parts_) {
    if (!part.expression) continue;
    for (const std::string& name : expr::names_used(*part.expression)) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

Result<std::string> Template::fill(const expr::Constants& constants) const { return fill_path(constants, {}); }

Result<std::string> Template::fill_path(const expr::Constants& constants, const std::set<std::string>& data) const {
  std::string filled;
  const bool is_uri = arrowio::is_uri(text_);
  for (const Part& part : parts_) {
    filled += part.literal;
    if (!part.expression) continue;
    auto value = expr::evaluate_scalar(*part.expression, {}, constants);
    if (!value.ok()) return with_context("'" + text_ + "'", std::move(value).error());
    if (value.value().is_missing)
      return Error{Code::invalid, "'" + text_ + "': an expression in braces gives a missing value"};
    const std::string text = value.value().text();
    const std::set<std::string> names = expr::names_used(*part.expression);
    const bool is_data = std::any_of(names.begin(), names.end(), [&](const auto& name) { return data.contains(name); });
    if (is_data && !is_plain_file_name(text)) {
      return Error{
          Code::denied,
          "'" + text_ + "': '" + printable(text) +
              "' cannot be part of a file's name: it is empty, . or .., or holds a slash or a control character"};
    }
    filled += is_data && is_uri ? percent_encoded(text) : text;
  }
  return filled;
}

bool Template::is_pattern_of(std::string_view variable) const {
  for (const Part& part : parts_) {
    if (!part.expression) continue;
    const expr::Node& node = **part.expression;
    if (node.kind != expr::Kind::name || node.text != variable) return false;
  }
  return parts_.size() > 1;
}

std::optional<std::string> Template::match(std::string_view filled, std::string_view variable) const {
  SCORIA_CHECK(is_pattern_of(variable));
  if (!filled.starts_with(parts_[0].literal)) return std::nullopt;
  // The variable's text is as long as what the literals leave, shared evenly by its occurrences.
  std::size_t literals = 0;
  for (const Part& part : parts_) literals += part.literal.size();
  const std::size_t occurrences = parts_.size() - 1;
  if (filled.size() <= literals || (filled.size() - literals) % occurrences != 0) return std::nullopt;
  const std::string value(filled.substr(parts_[0].literal.size(), (filled.size() - literals) / occurrences));
  std::string again;
  for (const Part& part : parts_) again += part.literal + (part.expression ? value : "");
  if (again != filled) return std::nullopt;
  return value;
}

}  // namespace scoria::plan
