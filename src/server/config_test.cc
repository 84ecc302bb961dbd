#include "server/config.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace scoria::server {
namespace {

std::string refusal(std::string_view text) {
  const auto config = parse_server_config(text, "s.yaml");
  return config.ok() ? "accepted" : config.error().message;
}

TEST(ServerConfig, OfAnEmptyFileIsTheDefault) {
  const auto config = parse_server_config("", "s.yaml");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config.value().http, "127.0.0.1:10100");
  EXPECT_EQ(config.value().https, "127.0.0.1:10101");
  EXPECT_EQ(config.value().containers, "podman");
}

TEST(ServerConfig, SaysHowItIsReached) {
  const auto config = parse_server_config(
      "certificate: f.pem\nkey: k.pem\nbehind_proxy: true\ntrusted_proxies: [10.0.0.0/8, \"fd00::1\"]\n"
      "requests_per_second: 2.5\nburst: 10\n",
      "s.yaml");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config.value().certificate, "f.pem");
  EXPECT_EQ(config.value().key, "k.pem");
  EXPECT_EQ(config.value().trusted_proxies, (std::vector<std::string>{"10.0.0.0/8", "fd00::1"}));
  EXPECT_EQ(config.value().requests_per_second, 2.5);
  EXPECT_EQ(config.value().burst, 10);
  EXPECT_NE(refusal("certificate: f.pem\n").find("go together"), std::string::npos);
  EXPECT_NE(refusal("trusted_proxies: [proxy.example.com]\n").find("trusted_proxies"), std::string::npos);
  EXPECT_NE(refusal("requests_per_second: -1\n"), "accepted");
  EXPECT_NE(refusal("burst: 0.5\n").find("at least 1"), std::string::npos);
}

TEST(ServerConfig, SaysWhatIsKeptOfRequestsToServices) {
  const auto config = parse_server_config(
      "service_access_log: a.log\nservice_payload_log: p.log\nservice_sample_rate: 0.5\nservice_mask: [name]\n"
      "service_drift: 500\n",
      "s.yaml");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config.value().service_access_log, "a.log");
  EXPECT_EQ(config.value().service_payload_log, "p.log");
  EXPECT_EQ(config.value().service_sample_rate, 0.5);
  EXPECT_EQ(config.value().service_mask, std::vector<std::string>{"name"});
  EXPECT_EQ(config.value().service_drift, 500);
  EXPECT_NE(refusal("service_sample_rate: 2\n"), "accepted");
  EXPECT_NE(refusal("service_drift: 9\n").find("at least 10"), std::string::npos);
}

TEST(ServerConfig, ReadsWhatGoesByItself) {
  const auto alone = parse_server_config("retention: P30D\n", "s.yaml");
  ASSERT_TRUE(alone.ok()) << alone.error().message;
  EXPECT_EQ(alone.value().retention.jobs, std::chrono::hours(24 * 30));
  const auto all = parse_server_config(
      "retention:\n  jobs: P90D\n  schedule_jobs: 52\n  blobs:\n    - {container: 'logs*', prefix: x/, older_than: "
      "P1D}\n",
      "s.yaml");
  ASSERT_TRUE(all.ok()) << all.error().message;
  EXPECT_EQ(all.value().retention.jobs, std::chrono::hours(24 * 90));
  EXPECT_EQ(all.value().retention.schedule_jobs, 52);
  ASSERT_EQ(all.value().retention.blobs.size(), 1u);
  EXPECT_EQ(all.value().retention.blobs[0].container, "logs*");
  EXPECT_EQ(all.value().retention.blobs[0].prefix, "x/");
  EXPECT_EQ(all.value().retention.blobs[0].older_than, std::chrono::hours(24));
}

TEST(ServerConfig, ReadsEveryKindOfKey) {
  const auto config = parse_server_config(R"(
http: 127.0.0.1:0
names: [batch.example.com, "*.blob.example.com"]
overcommit: 1.5
machine_memory: 8GB
containers: host
lost_limit: 3
evaluate_on_change: false
local_node_lost: PT2S
sizes:
  Small: {cores: 1, memory: 512MB, gpus: 2}
images: {rocker/tidyverse: host}
prices: {core: {dedicated: 0.1, low_priority: 0.02}}
webhooks:
  - {url: "https://example.com/h", secret: secret:hook, events: [job.failed]}
)",
                                          "s.yaml");
  ASSERT_TRUE(config.ok()) << config.error().message;
  const ServerConfig& read = config.value();
  EXPECT_EQ(read.http, "127.0.0.1:0");
  EXPECT_EQ(read.names.size(), 2u);
  EXPECT_EQ(read.overcommit, 1.5);
  EXPECT_EQ(read.machine_memory_bytes, 8ull << 30);
  EXPECT_EQ(read.containers, "host");
  EXPECT_EQ(read.lost_limit, 3);
  EXPECT_FALSE(read.evaluate_on_change);
  EXPECT_EQ(read.local_node_lost, std::chrono::seconds(2));
  ASSERT_TRUE(read.sizes.contains("small"));
  EXPECT_EQ(read.sizes.at("small").memory_bytes, 512ull << 20);
  EXPECT_EQ(read.sizes.at("small").gpus, 2);
  EXPECT_EQ(read.images.at("rocker/tidyverse"), "host");
  EXPECT_EQ(read.prices.at("core").low_priority, 0.02);
  ASSERT_EQ(read.webhooks.size(), 1u);
  EXPECT_EQ(read.webhooks[0].events, std::vector<std::string>{"job.failed"});
}

TEST(ServerConfig, NamesFileLineAndKeyOfWhatIsUnknown) {
  EXPECT_EQ(refusal("http: 127.0.0.1:1\nhtpps: x\n").substr(0, 36), "s.yaml:2: unknown key 'htpps'; known");
  EXPECT_EQ(refusal("lost_limit: 1\nlost_limit: 2\n"), "s.yaml:2: key 'lost_limit' is given twice");
}

TEST(ServerConfig, SaysWhatAValueMustBe) {
  EXPECT_EQ(refusal("overcommit: 1000\n"), "s.yaml:1: overcommit is '1000', must be a number from 0.1 to 100");
  EXPECT_EQ(refusal("\nlost_limit: 1.5\n"), "s.yaml:2: lost_limit is '1.5', must be a whole number from 1 to 1000");
  EXPECT_EQ(refusal("containers: docker\n"), "s.yaml:1: containers is 'docker', must be podman or host");
  EXPECT_EQ(refusal("evaluate_on_change: maybe\n"), "s.yaml:1: evaluate_on_change is 'maybe', must be true or false");
  EXPECT_EQ(refusal("local_node_lost: soon\n"),
            "s.yaml:1: local_node_lost is 'soon', must be a duration of at least PT1S and at most P1D");
  EXPECT_EQ(refusal("sizes: {a: {memory: 1GB}}\n"), "s.yaml:1: sizes.a is a map, must be a map that has cores");
  EXPECT_EQ(refusal("webhooks: [{secret: x}]\n"), "s.yaml:1: webhooks is a map, must be a map that has url");
  EXPECT_EQ(refusal("retention: P0D\n"),
            "s.yaml:1: retention is 'P0D', must be a duration of at least PT1M, such as P30D");
  EXPECT_EQ(refusal("retention: {blobs: [{container: logs}]}\n"),
            "s.yaml:1: retention.blobs is a map, must be a map that has container and older_than");
  EXPECT_NE(refusal("retention: {blobs: [{container: 'a*b', older_than: P1D}]}\n").find("retention.blobs.container"),
            std::string::npos);
  EXPECT_NE(refusal("retention: {days: 3}\n").find("must be jobs, schedule_jobs or blobs"), std::string::npos);
  EXPECT_NE(refusal("http: ''\nhttps: ''\n").find("one must be served"), std::string::npos);
}

TEST(ServerConfig, IsRefusedWhereItIsNoYaml) {
  EXPECT_NE(refusal("a: [1, 2").find("s.yaml:1"), std::string::npos);
  EXPECT_NE(refusal("- 1\n").find("must be a map"), std::string::npos);
}

TEST(ServerConfig, IsWhatTheReferencePageSays) {
  const auto page = FileBytes::open(SCORIA_SOURCE_DIR "/docs/server-config.md");
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_EQ(page.value().text(), server_config_reference())
      << "run: scoria server --print-config-reference > docs/server-config.md";
}

}  // namespace
}  // namespace scoria::server
