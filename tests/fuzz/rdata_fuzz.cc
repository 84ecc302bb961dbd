// Any bytes as an R file: read, walk over everything, write, and read what was written.
// The first byte chooses a head, so that the fuzzer need not invent one; 0 means that the bytes bring their own, a
// compression perhaps.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "rdata/reader.h"
#include "rdata/summary.h"
#include "rdata/writer.h"

namespace {

using namespace scoria;
using namespace scoria::rdata;

constexpr std::string_view kHeads[] = {
    "",
    {"X\n\0\0\0\2\0\4\2\2\0\2\3\0", 14},
    {"X\n\0\0\0\3\0\4\2\2\0\3\5\0\0\0\0\5UTF-8", 23},
    {"B\n\3\0\0\0\2\2\4\0\0\5\3\0\6\0\0\0latin1", 24},
    "A\n2\n262658\n131840\n",
};

template <typename T>
std::uint64_t touch(std::span<T> elements) {
  std::uint64_t sum = 0;
  for (const std::byte byte : std::as_bytes(elements)) sum += std::to_integer<std::uint64_t>(byte);
  return sum;
}

std::uint64_t touch(const Value& root) {
  std::uint64_t sum = 0;
  std::unordered_set<const Value*> met;
  std::vector<const Value*> open{&root};
  const auto add = [&](const Value* value) {
    if (value != nullptr && met.insert(value).second) open.push_back(value);
  };
  while (!open.empty()) {
    const Value& value = *open.back();
    open.pop_back();
    sum += touch(value.integers) + touch(value.reals) + touch(value.bytes) + value.size();
    for (const Text& text : value.texts) sum += touch(std::span(text.bytes)) + utf8(text).size();
    sum += touch(std::span(value.name)) + kind_name(value.kind).size();
    for (const Value* item : value.items) add(item);
    for (const auto& cells : {value.cells, value.attributes}) {
      for (const Named& cell : cells) {
        sum += touch(std::span(cell.name));
        add(cell.value);
      }
    }
    for (const Value* part : {value.formals, value.body, value.environment, value.promised}) add(part);
    sum += strings(value).size() + classes(value).size() + (member(value, "x") != nullptr ? 1 : 0);
  }
  return sum;
}

void require(bool condition) {
  if (!condition) std::abort();
}

ReadLimits limits() {
  ReadLimits limits;
  limits.decompress.max_bytes = 1 << 18;  // small: a sequence of a million elements would take the fuzzer's time
  limits.max_bytes = 1 << 20;
  limits.max_values = 50'000;
  return limits;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string bytes(kHeads[data[0] % std::size(kHeads)]);
  bytes.append(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto document = read(std::as_bytes(std::span(bytes)), limits());
  if (!document.ok()) {
    require(!document.error().message.empty());
    return 0;
  }
  volatile std::uint64_t sum = touch(document.value().root());
  (void)sum;
  if (data[0] >= 128) require(!summarize(document.value()).empty() && !summarize_json(document.value()).empty());
  // What is written once more after a reading of our own does not change any further.
  WriteOptions options{.version = 2 + data[0] % 2, .gzip = false, .max_bytes = 1 << 19};
  auto first = write(document.value().root(), options);
  if (!first.ok()) {
    require(first.error().code == Code::unsupported || first.error().code == Code::too_large);
    return 0;
  }
  const auto again = read(std::as_bytes(std::span(first.value())), limits());
  if (!again.ok()) {
    require(again.error().code == Code::too_large);  // shared parts were written out, each for itself
    return 0;
  }
  const auto second = write(again.value().root(), options);
  require(second.ok());
  const auto third = read(std::as_bytes(std::span(second.value())), limits());
  require(third.ok());
  require(write(third.value().root(), options).value() == second.value());
  options.format = WriteFormat::ascii;
  const auto ascii = write(third.value().root(), options);
  require(ascii.ok() || ascii.error().code == Code::too_large);
  if (ascii.ok()) {
    const auto from_ascii = read(std::as_bytes(std::span(ascii.value())), limits());
    require(from_ascii.ok());
    require(write(from_ascii.value().root(), options).value() == ascii.value());
  }
  return 0;
}
