#include "server/blob/xml.h"

#include <algorithm>
#include <charconv>

#include "blob/names.h"
#include "net/url.h"

namespace scoria::server::storage {
namespace {

constexpr int kMaxDepth = 8;
constexpr std::size_t kMaxElements = 200'000;

Error broken(std::string_view what) {
  return Error{Code::invalid, "the XML body " + std::string(what), "InvalidXmlDocument"};
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == ':';
}

void append_utf8(std::string& text, std::uint32_t point) {
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xC0 | point >> 6);
    text += static_cast<char>(0x80 | (point & 63));
  } else if (point < 0x10000) {
    text += static_cast<char>(0xE0 | point >> 12);
    text += static_cast<char>(0x80 | (point >> 6 & 63));
    text += static_cast<char>(0x80 | (point & 63));
  } else {
    text += static_cast<char>(0xF0 | point >> 18);
    text += static_cast<char>(0x80 | (point >> 12 & 63));
    text += static_cast<char>(0x80 | (point >> 6 & 63));
    text += static_cast<char>(0x80 | (point & 63));
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Result<XmlElement> document() {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    SCORIA_TRY_STATUS(skip_between());
    SCORIA_TRY(root, element(0));
    SCORIA_TRY_STATUS(skip_between());
    if (!rest_.empty()) return broken("goes on behind its root element");
    return std::move(root);
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }
  Status skip_to(std::string_view end, std::string_view what) {
    const std::size_t at = rest_.find(end);
    if (at == std::string_view::npos) return broken("has " + std::string(what) + " that does not end");
    rest_.remove_prefix(at + end.size());
    return Ok{};
  }
  // Spaces, declarations and comments.
  Status skip_between() {
    for (;;) {
      skip_spaces();
      if (rest_.starts_with("<?")) {
        SCORIA_TRY_STATUS(skip_to("?>", "a declaration"));
      } else if (rest_.starts_with("<!--")) {
        SCORIA_TRY_STATUS(skip_to("-->", "a comment"));
      } else {
        return Ok{};
      }
    }
  }
  Result<std::string> name() {
    std::size_t size = 0;
    while (size < rest_.size() && is_name_char(rest_[size])) ++size;
    if (size == 0 || size > 100) return broken("has an element without a name of 1 to 100 characters");
    std::string taken(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return taken;
  }
  // Attributes (namespaces, xsi:nil) are stepped over. True where the element is already at its end.
  Result<bool> tag_end() {
    for (;;) {
      skip_spaces();
      if (rest_.starts_with("/>")) {
        rest_.remove_prefix(2);
        return true;
      }
      if (rest_.starts_with('>')) {
        rest_.remove_prefix(1);
        return false;
      }
      SCORIA_TRY(attribute, name());
      skip_spaces();
      if (!rest_.starts_with('=')) return broken("has an attribute without '='");
      rest_.remove_prefix(1);
      skip_spaces();
      if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) {
        return broken("has an attribute without quotes");
      }
      const char quote = rest_.front();
      rest_.remove_prefix(1);
      SCORIA_TRY_STATUS(skip_to(std::string_view(&quote, 1), "an attribute"));
    }
  }
  Status entity(std::string& text) {
    const std::size_t end = rest_.substr(0, 12).find(';');
    if (end == std::string_view::npos) return broken("has an '&' that begins no entity");
    const std::string_view body = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    constexpr std::pair<std::string_view, char> kEntities[] = {
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    for (const auto& [known, character] : kEntities) {
      if (body != known) continue;
      text += character;
      return Ok{};
    }
    if (!body.starts_with('#')) return broken("uses the entity '" + std::string(body) + "', which XML does not define");
    const bool is_hex = body.starts_with("#x");
    const std::string_view digits = body.substr(is_hex ? 2 : 1);
    std::uint32_t point = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), point, is_hex ? 16 : 10);
    const bool is_character = point == 9 || point == 10 || point == 13 || (point >= 0x20 && point < 0xD800) ||
                              (point >= 0xE000 && point < 0xFFFE) || (point >= 0x10000 && point <= 0x10FFFF);
    if (error != std::errc{} || stop != digits.data() + digits.size() || !is_character) {
      return broken("has a number of a character that XML has not");
    }
    append_utf8(text, point);
    return Ok{};
  }
  Result<XmlElement> element(int depth) {
    if (depth >= kMaxDepth) return broken("is deeper than 8 elements");
    if (++elements_ > kMaxElements) return broken("has more than 200,000 elements");
    if (!rest_.starts_with('<')) return broken("has no element where one must be");
    rest_.remove_prefix(1);
    XmlElement made;
    SCORIA_TRY(own_name, name());
    made.name = own_name;
    SCORIA_TRY(is_empty, tag_end());
    if (is_empty) return made;
    for (;;) {
      if (rest_.empty()) return broken("ends within the element '" + made.name + "'");
      if (rest_.starts_with("</")) {
        rest_.remove_prefix(2);
        SCORIA_TRY(closing, name());
        skip_spaces();
        if (closing != made.name || !rest_.starts_with('>')) {
          return broken("closes '" + closing + "' where '" + made.name + "' is open");
        }
        rest_.remove_prefix(1);
        if (!made.children.empty()) made.text.clear();
        return made;
      }
      SCORIA_TRY_STATUS(content(made, depth));
    }
  }
  Status content(XmlElement& made, int depth) {
    if (rest_.starts_with("<!--")) return skip_to("-->", "a comment");
    if (rest_.starts_with("<![CDATA[")) {
      rest_.remove_prefix(9);
      const std::size_t end = rest_.find("]]>");
      if (end == std::string_view::npos) return broken("has a CDATA section that does not end");
      made.text += rest_.substr(0, end);
      rest_.remove_prefix(end + 3);
      return Ok{};
    }
    if (rest_.starts_with('<')) {
      SCORIA_TRY(inner, element(depth + 1));
      made.children.push_back(std::move(inner));
      return Ok{};
    }
    if (rest_.starts_with('&')) return entity(made.text);
    const std::size_t size = std::min(rest_.find_first_of("<&"), rest_.size());
    made.text += rest_.substr(0, size);
    rest_.remove_prefix(size);
    return Ok{};
  }

  std::string_view rest_;
  std::size_t elements_ = 0;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const {
  for (const XmlElement& candidate : children) {
    if (candidate.name == wanted) return &candidate;
  }
  return nullptr;
}

std::string_view XmlElement::child_text(std::string_view wanted) const {
  const XmlElement* found = child(wanted);
  return found == nullptr ? std::string_view{} : std::string_view(found->text);
}

Result<XmlElement> read_xml(std::string_view text) {
  std::size_t characters = 0;
  if (!blob::is_utf8(text, characters) || !is_xml_text(text)) return broken("has characters that XML has not");
  return Reader(text).document();
}

bool is_xml_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') return false;
    // U+FFFE and U+FFFF: EF BF BE, EF BF BF.
    if (c == 0xEF && text.substr(i + 1, 2) >= "\xBF\xBE") return false;
  }
  return true;
}

std::string xml_escape(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\r': escaped += "&#13;"; break;  // a bare one would be read as a line feed
      default:
        if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') {
          escaped += "\xEF\xBF\xBD";
        } else {
          escaped += c;
        }
    }
  }
  return escaped;
}

XmlWriter::XmlWriter() : text_("<?xml version=\"1.0\" encoding=\"utf-8\"?>") {}

XmlWriter& XmlWriter::open(std::string_view name, std::string_view attributes) {
  text_.append("<").append(name);
  if (!attributes.empty()) text_.append(" ").append(attributes);
  text_ += ">";
  return *this;
}

XmlWriter& XmlWriter::close(std::string_view name) {
  text_.append("</").append(name).append(">");
  return *this;
}

XmlWriter& XmlWriter::leaf(std::string_view name, std::string_view text) {
  if (text.empty()) {
    text_.append("<").append(name).append(" />");
    return *this;
  }
  open(name);
  text_ += xml_escape(text);
  return close(name);
}

XmlWriter& XmlWriter::name_leaf(std::string_view name, std::string_view text) {
  if (is_xml_text(text)) return leaf(name, text);
  open(name, "Encoded=\"true\"");
  text_ += net::percent_encode(text);
  return close(name);
}

XmlWriter& XmlWriter::raw(std::string_view xml) {
  text_ += xml;
  return *this;
}

}  // namespace scoria::server::storage
