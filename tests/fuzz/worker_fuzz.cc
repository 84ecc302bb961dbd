// Any bytes as what a client asks the host of warm workers for, and as a package set: a checked request or an error.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "worker/package_set.h"
#include "worker/request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace scoria::worker;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto request = nlohmann::json::parse(text, nullptr, false);
  if (request.is_object()) {
    if (const auto wanted = read_template(request); wanted.ok()) SCORIA_CHECK(!wanted.value().program.empty());
    if (const auto limits = read_limits(request); limits.ok()) SCORIA_CHECK(limits.value().calls > 0);
  }
  if (text.find('/') != std::string::npos && text[0] != '{') return 0;  // files of this machine
  if (const auto set = read_package_set(text, "/nowhere"); set.ok()) {
    for (const auto& name : set.value().packages) SCORIA_CHECK(!name.empty() && name[0] != '-');
  }
  return 0;
}
