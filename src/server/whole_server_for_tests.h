// A whole server without sockets or nodes of its own: requests go straight into the front, signed as a client signs them. Its state is real
// and in a folder of its own. Test programs only. Threads: one user.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "auth/seal.h"
#include "auth/tokens.h"
#include "pool/joined.h"
#include "server/blob/blob_surface.h"
#include "server/file_relay.h"
#include "server/front.h"
#include "server/secrets.h"
#include "server/services.h"
#include "server/upkeep/backup.h"
#include "server/webhooks.h"
#include "spec/json_text.h"

namespace scoria::server {

struct Heard {
  int status = 0;
  net::Headers headers;
  std::string body;
  std::string header(std::string_view name) const { return std::string(net::find_header(headers, name).value_or("")); }
  Json json() const { return Json::parse(body, nullptr, false); }
  std::string code() const { return json().is_object() ? json().value("code", "") : ""; }
};

// Says that all nodes run: what they do is up to the test.
class FakeProvider final : public pool::Provider {
 public:
  Status request(const pool::NodeRequest& request) override {
    const std::lock_guard lock(mutex_);
    nodes_[{request.pool, request.node}] = request.token;
    return Ok{};
  }
  std::vector<pool::NodeStatus> status() override {
    const std::lock_guard lock(mutex_);
    std::vector<pool::NodeStatus> all;
    for (const auto& [key, token] : nodes_) {
      all.push_back({.pool = key.first, .node = key.second, .state = pool::NodeStatus::State::running, .error = {}});
    }
    return all;
  }
  void release(const std::string& pool, const std::string& node) override {
    const std::lock_guard lock(mutex_);
    nodes_.erase({pool, node});
  }
  std::map<std::pair<std::string, std::string>, std::string> nodes() const {
    const std::lock_guard lock(mutex_);
    return nodes_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::string> nodes_;  // to their tokens
};

class WholeServerTest : public ::testing::Test {
 protected:
  static constexpr const char* kVersion = "2022-10-01.16.0";

  void SetUp() override {
    std::string pattern = testing::TempDir() + "scoria-server-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    start();
  }
  void TearDown() override {
    stop();
    std::filesystem::remove_all(folder_);
  }

  void start() {
    std::filesystem::create_directories(folder_ / "state");
    std::filesystem::create_directories(folder_ / "blobs");
    std::filesystem::create_directories(folder_ / "nodes");
    auto store = store::Store::open(folder_ / "state");
    ASSERT_TRUE(store.ok()) << store.error().message;
    store_ = std::move(store).value();
    auto blobs = blob::BlobStore::open(folder_ / "blobs", clock_);
    ASSERT_TRUE(blobs.ok()) << blobs.error().message;
    blobs_ = std::move(blobs).value();
    auto sealer = auth::Sealer::open(folder_ / "secrets.key");
    ASSERT_TRUE(sealer.ok()) << sealer.error().message;
    secrets_ = std::make_unique<Secrets>(*store_, std::move(sealer).value());
    webhooks_ = std::make_unique<Webhooks>(config_.webhooks, *secrets_, clock_);
    batch::Settings settings;
    settings.account_name = account_.name;
    settings.account_url = "http://localhost:10100";
    settings.machine_cores = 16;
    settings.machine_memory = 64ull << 30;
    settings.local_node_lost = std::chrono::hours(1);
    settings.remote_node_lost = std::chrono::hours(1);
    settings.make_token = [] {
      std::string token = auth::random_token();
      std::string hash = auth::hash_token(token);
      return std::pair(std::move(token), std::move(hash));
    };
    auto service =
        batch::Service::start(*store_, {{"local", &provider_}, {"joined", &joined_}}, clock_, settings,
                              {.publish_outputs = [this](batch::AttemptId attempt) { return blobs_->publish(attempt); },
                               .discard_outputs = [this](batch::AttemptId attempt) { (void)blobs_->discard(attempt); },
                               .deliver = [this](const Json& notice) { webhooks_->deliver(notice); }});
    ASSERT_TRUE(service.ok()) << service.error().message;
    service_ = std::move(service).value();
    relay_ = std::make_unique<FileRelay>(*service_);
    backups_ = std::make_unique<Backups>(folder_, *blobs_, clock_);
    if (has_users_) {
      auto users = access::Access::open(folder_ / "access", user_options_, clock_);
      ASSERT_TRUE(users.ok()) << users.error().message;
      users_ = std::move(users).value();
    }
    auto services = Services::open(folder_ / "services", *blobs_, *services_executor_, clock_, users_.get(), nullptr);
    ASSERT_TRUE(services.ok()) << services.error().message;
    services_ = std::move(services).value();
    while (waits_for_services_ && !services_->is_ready()) std::this_thread::yield();
    // NOLINTNEXTLINE(modernize-make-unique): an aggregate by the names of its members
    app_ = std::unique_ptr<App>(new App{.config = config_,
                                        .account = account_,
                                        .clock = clock_,
                                        .store = *store_,
                                        .service = *service_,
                                        .blobs = *blobs_,
                                        .relay = *relay_,
                                        .secrets = *secrets_,
                                        .webhooks = *webhooks_,
                                        .backups = *backups_,
                                        .services = *services_,
                                        .nodes_folder = folder_ / "nodes",
                                        .token_key = std::string(32, 'k'),
                                        .account_url = "http://localhost:10100",
                                        .access = users_.get(),
                                        .proxies = user_options_.proxy});
    storage_ = std::make_unique<BlobSurface>(*blobs_, account_, clock_, users_.get(), user_options_.proxy);
    front_ = std::make_unique<Front>(*app_, *storage_);
    front_->set_ready(true);
  }

  void stop() {
    if (relay_) relay_->stop();
    if (backups_) backups_->stop();
    if (services_) services_->stop();
    if (service_) service_->stop();
    if (storage_) storage_->stop();
    users_.reset();  // whoever waits for a password to be hashed is told
    front_.reset();
    storage_.reset();
    app_.reset();
    relay_.reset();
    backups_.reset();
    webhooks_.reset();
    service_.reset();
    secrets_.reset();
    blobs_.reset();
    store_.reset();
  }

  // As it is: no api-version is added, nothing signed. Waits for the answer.
  Heard send_raw(const std::string& method, const std::string& target, const std::string& body = {},
                 net::Headers headers = {}) {
    auto future = begin_raw(method, target, body, std::move(headers));
    if (future.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
      ADD_FAILURE() << method << " " << target << " is not answered";
      return {};
    }
    return heard(future.get());
  }
  net::HttpRequest head_of(const std::string& method, const std::string& target, net::Headers headers) const {
    net::HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers = std::move(headers);
    request.headers.emplace_back("Host", "localhost:10100");
    request.peer = peer_;
    request.peer_is_loopback = peer_.starts_with("127.");
    return request;
  }
  // Does not wait for the answer.
  std::future<net::HttpReply> begin_raw(const std::string& method, const std::string& target, const std::string& body,
                                        net::Headers headers) {
    net::HttpRequest request = head_of(method, target, std::move(headers));
    auto promise = std::make_shared<std::promise<net::HttpReply>>();
    net::BodyPlan plan = front_->plan_body(request);
    if (plan.refuse) {
      promise->set_value(std::move(*plan.refuse));
      return promise->get_future();
    }
    if (plan.sink != nullptr) {
      if (const Status written = plan.sink->write(std::as_bytes(std::span(body))); !written.ok())
        request.body_error = written.error();
      request.sink = std::move(plan.sink);
    } else {
      request.body = body;
    }
    front_->handle(std::move(request),
                   net::Responder([promise](net::HttpReply reply) { promise->set_value(std::move(reply)); }));
    return promise->get_future();
  }

  static Heard heard(net::HttpReply reply) {
    std::string text = std::move(reply.body);
    if (reply.file) {
      text.resize(reply.file->length);
      EXPECT_EQ(pread(*reply.file->descriptor, text.data(), text.size(), static_cast<off_t>(reply.file->offset)),
                static_cast<ssize_t>(text.size()));
    }
    while (reply.source) {
      const auto bytes = reply.source->next();
      if (!bytes.ok() || bytes.value().empty()) break;
      text += bytes.value();
    }
    return {reply.status, std::move(reply.headers), std::move(text)};
  }

  // As a client of the account; the api-version is added where the target has none.
  Heard send(const std::string& method, std::string target, const std::string& body = {}, net::Headers headers = {}) {
    if (target.find("api-version=") == std::string::npos) {
      target += (target.find('?') == std::string::npos ? "?" : "&") + std::string("api-version=") + kVersion;
    }
    if (!body.empty()) {
      headers.emplace_back("Content-Type", "application/json; odata=minimalmetadata; charset=utf-8");
      headers.emplace_back("Content-Length", std::to_string(body.size()));
    }
    const net::Headers added = auth::sign(auth::Service::batch, account_, method, target, headers, clock_.now().wall);
    headers.insert(headers.end(), added.begin(), added.end());
    return send_raw(method, target, body, headers);
  }
  Heard send_json(const std::string& method, const std::string& target, const Json& body, net::Headers headers = {}) {
    return send(method, target, body.dump(), std::move(headers));
  }

  // A pool without nodes.
  void add_pool(const std::string& id, const Json& more = Json::object()) {
    Json body{{"id", id},
              {"vmSize", "standard_d2_v2"},
              {"virtualMachineConfiguration",
               {{"imageReference", {{"publisher", "debian"}, {"offer", "debian-12"}, {"sku", "12"}}},
                {"nodeAgentSKUId", "batch.node.debian 12"}}}};
    body.update(more);
    const Heard answer = send_json("POST", "/pools", body);
    ASSERT_EQ(answer.status, 201) << answer.body;
  }
  void add_job(const std::string& id, const std::string& pool) {
    const Heard answer = send_json("POST", "/jobs", Json{{"id", id}, {"poolInfo", {{"poolId", pool}}}});
    ASSERT_EQ(answer.status, 201) << answer.body;
  }
  void add_task(const std::string& job, const std::string& id) {
    const Heard answer = send_json("POST", "/jobs/" + job + "/tasks", Json{{"id", id}, {"commandLine", "true"}});
    ASSERT_EQ(answer.status, 201) << answer.body;
  }

  std::filesystem::path folder_;
  std::string peer_ = "127.0.0.1:40000";
  SystemClock clock_;
  auth::AccountKey account_{"scoria", std::string(64, 'k')};
  ServerConfig config_;
  FakeProvider provider_;
  pool::JoinedProvider joined_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<blob::BlobStore> blobs_;
  std::unique_ptr<Secrets> secrets_;
  std::unique_ptr<Webhooks> webhooks_;
  std::unique_ptr<batch::Service> service_;
  std::unique_ptr<FileRelay> relay_;
  std::unique_ptr<Backups> backups_;
  bool has_users_ = false;  // set before SetUp()
  access::AccessOptions user_options_;
  std::unique_ptr<access::Access> users_;
  InlineExecutor executor_;
  Executor* services_executor_ = &executor_;  // these two are set before start()
  bool waits_for_services_ = true;
  std::unique_ptr<Services> services_;
  std::unique_ptr<App> app_;
  std::unique_ptr<BlobSurface> storage_;
  std::unique_ptr<Front> front_;
};

}  // namespace scoria::server
