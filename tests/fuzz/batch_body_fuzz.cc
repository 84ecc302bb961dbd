// Any bytes as a request's body, of a kind and a version that the first two bytes choose: reading is an answer or an error that clients
// can parse; what was read reads back as itself; and every version can be given it.
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "spec/errors.h"
#include "spec/json_text.h"
#include "spec/shape.h"

using namespace scoria::spec;

namespace {

constexpr ApiVersion kVersions[] = {{20170501}, {20180301}, {20180801}, {20181201}, {20190601},
                                    {20190801}, {20200901}, {20221001}, {20250601}};
constexpr Entity kEntities[] = {Entity::pool,        Entity::node,        Entity::job,
                                Entity::task,        Entity::schedule,    Entity::prep_status,
                                Entity::task_counts, Entity::node_counts, Entity::image};
constexpr int kBodies = static_cast<int>(Body::schedule_update) + 1;

void check_error(const scoria::Error& error) {
  const int status = http_status(error);
  SCORIA_CHECK(status == 400 || status == 413);
  SCORIA_CHECK(Json::parse(error_body(error, "http://h", "r", "t"))["code"] == error.api_code);
}

void check_document(Body kind, const Json& document) {
  const auto again = read_body(kind, kNewest, json_text(document));
  SCORIA_CHECK(again.ok());
  SCORIA_CHECK(again.value() == document);
  for (const Entity entity : kEntities) {
    for (const ApiVersion version : kVersions) {
      Json shaped = document;
      shape_for(entity, version, shaped);
      SCORIA_CHECK(!shaped.contains(kPrivate));
      (void)json_text(shaped);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto kind = static_cast<Body>(data[0] % kBodies);
  const ApiVersion version = kVersions[data[1] % std::size(kVersions)];
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto document = read_body(kind, version, body);
  if (document.ok()) {
    check_document(kind, document.value());
  } else {
    check_error(document.error());
  }
  const auto tasks = read_task_collection(version, body);
  if (!tasks.ok()) {
    check_error(tasks.error());
    return 0;
  }
  for (const auto& task : tasks.value()) {
    if (task.document.ok()) {
      check_document(Body::task_add, task.document.value());
    } else {
      check_error(task.document.error());
    }
  }
  return 0;
}
