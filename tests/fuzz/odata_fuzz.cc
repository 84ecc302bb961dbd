// Any text as $filter and as $select of the entity that the first byte chooses: parsing is a tree or an error; a tree answers for any
// document, and what it says of the state holds.
#include <cstdint>
#include <iterator>
#include <string_view>

#include "spec/odata.h"

using namespace scoria::spec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Json kDocuments[] = {
      Json::parse(R"({"id":"t","state":"active","requiredSlots":1,"creationTime":"2026-11-20T11:17:12.0000000Z",
        "executionInfo":{"result":"failure","exitCode":1,"retryCount":0},"stats":{"x":[1]},"isDedicated":true})"),
      Json::parse(R"({"id":5,"state":null,"executionInfo":[{"result":"success"}],"creationTime":"x"})"), Json::object(),
      Json::array()};
  if (size < 1) return 0;
  const auto entity = static_cast<Entity>(data[0] % (static_cast<int>(Entity::image) + 1));
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (const auto filter = Filter::parse(entity, text); filter.ok()) {
    const auto state = filter.value().required_state();
    for (const Json& document : kDocuments) {
      const bool matches = filter.value().matches(document);
      if (filter.value().is_all()) SCORIA_CHECK(matches);
      if (matches && state) SCORIA_CHECK(document.is_object() && document.value("state", "") == *state);
    }
  } else {
    SCORIA_CHECK(filter.error().api_code == "InvalidQueryParameterValue");
  }
  if (const auto select = Select::parse(entity, text); select.ok()) {
    for (const Json& document : kDocuments) {
      Json once = document;
      select.value().apply(once);
      Json twice = once;
      select.value().apply(twice);
      SCORIA_CHECK(once == twice);
    }
  }
  return 0;
}
