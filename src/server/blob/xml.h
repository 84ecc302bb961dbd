// The XML of storage requests and replies: a writer that escapes, and a reader of small documents without attributes, entities of its own,
// or anything else that could reach out of the text.
// Source: XML 1.0, the part that Azure Storage's bodies use. Threads: plain values and free functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace scoria::server::storage {

struct XmlElement {
  std::string name;
  std::string text;  // its own, entities resolved; without what surrounds child elements
  std::vector<XmlElement> children;

  const XmlElement* child(std::string_view wanted) const;
  std::string_view child_text(std::string_view wanted) const;  // empty where there is none
};

// The root element. Refused: a document type, depths beyond 8, more than 200,000 elements, what is no UTF-8.
// Errors: invalid, api_code InvalidXmlDocument.
Result<XmlElement> read_xml(std::string_view text);

class XmlWriter {
 public:
  XmlWriter();                                                               // with the declaration
  XmlWriter& open(std::string_view name, std::string_view attributes = {});  // attributes: written as they are
  XmlWriter& close(std::string_view name);
  XmlWriter& leaf(std::string_view name, std::string_view text);
  // A name that may hold characters XML has not: then percent-encoded, with the attribute Encoded="true".
  XmlWriter& name_leaf(std::string_view name, std::string_view text);
  XmlWriter& leaf(std::string_view name, std::uint64_t number) { return leaf(name, std::to_string(number)); }
  XmlWriter& raw(std::string_view xml);
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// With & < > " escaped, and characters that XML has not as U+FFFD.
std::string xml_escape(std::string_view text);
bool is_xml_text(std::string_view text);

}  // namespace scoria::server::storage
