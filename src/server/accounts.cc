#include "server/accounts.h"

#include <charconv>

#include "server/documents.h"
#include "spec/errors.h"

namespace scoria::server::accounts {
namespace {

struct Image {
  const char* sku_id;  // nodeAgentSKUId
  const char* publisher;
  const char* offer;
  const char* sku;
  bool has_containers;
};

// Nodes run on whatever Linux is there: these are the names that clients of Azure Batch commonly ask for.
// Source: Azure Batch's list of supported images for Linux, 2018 to 2023.
constexpr Image kImages[] = {
    {"batch.node.ubuntu 16.04", "microsoft-azure-batch", "ubuntu-server-container", "16-04-lts", true},
    {"batch.node.ubuntu 18.04", "canonical", "ubuntuserver", "18.04-lts", false},
    {"batch.node.ubuntu 20.04", "canonical", "0001-com-ubuntu-server-focal", "20_04-lts", false},
    {"batch.node.ubuntu 20.04", "microsoft-azure-batch", "ubuntu-server-container", "20-04-lts", true},
    {"batch.node.ubuntu 22.04", "canonical", "0001-com-ubuntu-server-jammy", "22_04-lts", false},
    {"batch.node.centos 7", "microsoft-azure-batch", "centos-container", "7-8", true},
    {"batch.node.debian 10", "debian", "debian-10", "10", false},
    {"batch.node.debian 11", "debian", "debian-11", "11", false},
    {"batch.node.debian 12", "debian", "debian-12", "12", false},
};

Json image_reference(const Image& image) {
  return {{"publisher", image.publisher}, {"offer", image.offer}, {"sku", image.sku}, {"version", "latest"}};
}

// A short list that is in memory: its keys are its indexes.
Source listed(std::vector<Json> documents) {
  return [documents = std::move(documents)](std::string_view after, std::size_t limit) -> Result<std::vector<Row>> {
    std::vector<Row> rows;
    std::size_t at = 0;
    std::from_chars(after.data(), after.data() + after.size(), at);
    for (; at < documents.size() && rows.size() < limit; ++at) {
      rows.push_back({std::to_string(at + 1), documents[at]});
    }
    return rows;
  };
}

}  // namespace

void supported_images(CallPtr call) {
  std::vector<Json> documents;
  for (const Image& image : kImages) {
    Json document{{"nodeAgentSKUId", image.sku_id},
                  {"imageReference", image_reference(image)},
                  {"osType", "linux"},
                  {"verificationType", "unverified"}};
    if (image.has_containers) document["capabilities"] = Json::array({"DockerCompatible"});
    documents.push_back(std::move(document));
  }
  send_list(call, spec::Entity::image, "supportedimages", listed(std::move(documents)));
}

void node_agent_skus(CallPtr call) {
  std::vector<Json> documents;
  for (const Image& image : kImages) {
    if (documents.empty() || documents.back()["id"] != image.sku_id) {
      documents.push_back({{"id", image.sku_id}, {"osType", "linux"}, {"verifiedImageReferences", Json::array()}});
    }
    documents.back()["verifiedImageReferences"].push_back(image_reference(image));
  }
  send_list(call, spec::Entity::image, "nodeagentskus", listed(std::move(documents)));
}

void node_counts(CallPtr call) {
  static constexpr const char* kStates[] = {
      "creating", "idle",     "leavingPool",     "offline", "preempted", "rebooting",          "reimaging",
      "running",  "starting", "startTaskFailed", "unknown", "unusable",  "waitingForStartTask"};
  const auto pools = call->app().store.list(store::Kind::pool, "", "", 10'000);
  if (!pools.ok()) return call->fail(pools.error());
  const auto zero = [] {
    Json counts{{"total", 0}};
    for (const char* state : kStates) counts[state] = 0;
    return counts;
  };
  std::vector<Json> documents;
  for (const store::Document& pool : pools.value()) {
    const auto nodes = call->app().store.list(store::Kind::node, batch::lower(pool.id), "", 10'000);
    if (!nodes.ok()) return call->fail(nodes.error());
    Json document{{"poolId", pool.id}, {"dedicated", zero()}, {"lowPriority", zero()}};
    for (const store::Document& stored : nodes.value()) {
      const auto node = parse_stored("node '" + stored.id + "'", stored.text);
      if (!node.ok()) return call->fail(node.error());
      Json& counts = document[node.value().value("isDedicated", true) ? "dedicated" : "lowPriority"];
      const std::string state = batch::lower(node.value().value("state", ""));
      for (const char* name : kStates) {
        if (batch::lower(name) == state) counts[name] = counts[name].get<int>() + 1;
      }
      counts["total"] = counts["total"].get<int>() + 1;
    }
    documents.push_back(std::move(document));
  }
  send_list(call, spec::Entity::node_counts, "nodecounts", listed(std::move(documents)));
}

void list_applications(CallPtr call) { send_list(call, spec::Entity::image, "applications", listed({})); }

void show_application(CallPtr call) { call->fail(spec::batch_error("ApplicationNotFound")); }

void not_supported(CallPtr call) {
  call->fail(spec::batch_error("NotImplemented",
                               "this server does not have " + call->request().method + " " + call->target().path));
}

}  // namespace scoria::server::accounts
