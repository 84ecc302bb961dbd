// Any bytes as a pickle: read, walk over everything with the functions that loaders use, and describe it.
// The first byte says whether the bytes bring their own head; otherwise they are the inside of a list, which the fuzzer need not invent.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <unordered_set>
#include <vector>

#include "pickle/array.h"
#include "pickle/object.h"
#include "pickle/reader.h"
#include "pickle/summary.h"

namespace {

using namespace scoria;
using namespace scoria::pickle;

void require(bool condition) {
  if (!condition) std::abort();
}

template <typename T>
std::uint64_t touch(const Result<std::vector<T>>& read, const Array& array) {
  if (!read.ok()) {
    require(!read.error().message.empty());
    return 0;
  }
  require(read.value().size() == array.count);
  std::uint64_t sum = 0;
  for (const std::byte byte : std::as_bytes(std::span(read.value()))) sum += std::to_integer<std::uint64_t>(byte);
  return sum;
}

// `depth`: of fields within fields.
std::uint64_t touch(const Array& array, int depth = 0) {
  std::uint64_t sum = touch(numbers(array), array) + touch(floats(array), array) + touch(integers(array), array);
  const auto texts = strings(array);
  require(!texts.ok() || texts.value().size() == array.count);
  sum += type_name(*array.type).size() + shape_text(array.shape).size();
  if (array.count > 0) sum += element_text(array, 0).size() + element_text(array, array.count - 1).size();
  if (array.type->kind == ElementKind::object) require(array.objects.size() == array.count);
  constexpr std::size_t kFields = 8;
  for (std::size_t i = 0; depth < 3 && i < std::min(array.type->fields.size(), kFields); ++i) {
    const auto part = field(array, array.type->fields[i].name);
    require(part.ok());
    sum += touch(part.value(), depth + 1);
  }
  return sum;
}

std::uint64_t touch(const Value& root) {
  std::uint64_t sum = 0;
  std::unordered_set<const Value*> met{&root};
  std::vector<const Value*> open{&root};
  const auto add = [&](const Value* value) {
    if (value != nullptr && met.insert(value).second) open.push_back(value);
  };
  while (!open.empty()) {
    const Value& value = *open.back();
    open.pop_back();
    for (const char c : value.text) sum += static_cast<unsigned char>(c);
    sum += value.size() + brief(value).size() + kind_name(value.kind).size();
    for (const Value* item : value.items) add(item);
    if (value.array != nullptr) {
      sum += touch(*value.array);
      for (const Value* item : value.array->objects) add(item);
    }
    if (value.kind == Kind::record) {
      const Record& record = *value.record;
      for (const Value* part : {record.arguments, record.keywords, record.state, record.elements, record.entries})
        add(part);
      const Object object = Object::of(value, "value").value();
      (void)object.numbers("x");  // any answer will do
      (void)object.strings("x");
      (void)object.integers("n_features_in_");
      (void)member(value, "x");
    }
  }
  return sum;
}

ReadLimits limits() {
  ReadLimits limits;
  limits.decompress.max_bytes = 1 << 18;
  limits.max_bytes = 1 << 22;
  limits.max_values = 50'000;
  return limits;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string bytes = data[0] % 4 == 0 ? "" : std::string("\x80\x04](");
  bytes.append(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 4 != 0) bytes += "e.";
  const auto span = std::as_bytes(std::span(bytes));
  const auto document = read(span, limits());
  if (!document.ok()) {
    require(!document.error().message.empty());
    return 0;
  }
  require(is_pickle(span));
  volatile std::uint64_t sum = touch(document.value().root());
  (void)sum;
  require(!describe_class(document.value().root()).empty());
  if (data[0] >= 128) require(!summarize(document.value()).empty() && !summarize_json(document.value()).empty());
  return 0;
}
