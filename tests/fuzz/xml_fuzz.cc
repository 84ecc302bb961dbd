// Feeds bodies to the XML reader of blob storage: no crash, no memory beyond the text's size times a constant, and what it reads it can write
// and read again.
#include <cstdlib>

#include "server/blob/access_policy.h"
#include "server/blob/xml.h"

namespace {

using namespace scoria::server::storage;

void write(const XmlElement& element, XmlWriter& writer) {
  if (element.children.empty()) {
    writer.leaf(element.name, element.text);
    return;
  }
  writer.open(element.name);
  for (const XmlElement& child : element.children) write(child, writer);
  writer.close(element.name);
}

bool is_same(const XmlElement& a, const XmlElement& b) {
  if (a.name != b.name || a.text != b.text || a.children.size() != b.children.size()) return false;
  for (std::size_t i = 0; i < a.children.size(); ++i) {
    if (!is_same(a.children[i], b.children[i])) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto root = read_xml(text);
  if (root.ok()) {
    XmlWriter writer;
    write(root.value(), writer);
    const auto again = read_xml(writer.take());
    if (!again.ok() || !is_same(root.value(), again.value())) std::abort();
  }
  const auto policies = read_policies(text);
  if (policies.ok()) {
    const auto again = read_policies(write_policies(policies.value()));
    if (!again.ok() || again.value().size() != policies.value().size()) std::abort();
  }
  return 0;
}
