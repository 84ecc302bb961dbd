#include "server/node_protocol.h"

#include "auth/bearer.h"
#include "server/jobs.h"
#include "server/whole_server_for_tests.h"

namespace scoria::server {
namespace {

class NodeProtocol : public WholeServerTest {
 protected:
  // A machine that joined pool "fleet".
  void join() {
    add_pool("fleet", {{"provider", "joined"}});
    const Heard token = send("POST", "/scoria/v1/pools/fleet/token");
    ASSERT_EQ(token.status, 201) << token.body;
    join_token_ = token.json()["token"];
    const Heard joined = send_raw("POST", "/node/v1/fleet/join", R"({"name": "box", "slots": 2})",
                                  {{"Authorization", "Bearer " + join_token_}});
    ASSERT_EQ(joined.status, 201) << joined.body;
    node_ = joined.json()["node"];
    token_ = joined.json()["token"];
  }
  Heard as_node(const std::string& method, const std::string& rest, const std::string& body = {}) {
    return send_raw(method, "/node/v1/fleet/" + node_ + "/" + rest, body, {{"Authorization", "Bearer " + token_}});
  }
  spec::SyncReply sync(spec::SyncRequest request) {
    request.session = "s";
    request.sequence = ++sequence_;
    const Heard answer = as_node("POST", "sync", spec::to_text(request));
    EXPECT_EQ(answer.status, 200) << answer.body;
    auto reply = spec::parse_sync_reply(answer.body);
    EXPECT_TRUE(reply.ok()) << answer.body;
    return reply.ok() ? reply.value() : spec::SyncReply{};
  }
  // Says that the machine is there.
  void appear() {
    spec::SyncRequest first;
    first.facts = spec::NodeFacts{.agent_version = "1",
                                  .ip_address = "10.0.0.1",
                                  .cores = 4,
                                  .memory_bytes = 8ull << 30,
                                  .devices = {},
                                  .boot_id = "b",
                                  .root_directory = "/r"};
    (void)sync(first);
  }

  std::string join_token_, node_, token_;
  std::uint64_t sequence_ = 0;
};

TEST_F(NodeProtocol, LetsNobodyJoinWithoutTheToken) {
  join();
  const Heard refused = send_raw("POST", "/node/v1/fleet/join", R"({"name": "x", "slots": 1})",
                                 {{"Authorization", "Bearer " + std::string(43, 'A')}});
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(send_raw("POST", "/node/v1/fleet/join", "{}").status, 403);
  add_pool("other", {{"provider", "joined"}});
  EXPECT_EQ(send_raw("POST", "/node/v1/other/join", R"({"name": "x", "slots": 1})",
                     {{"Authorization", "Bearer " + join_token_}})
                .status,
            403);
}

TEST_F(NodeProtocol, ShowsAMachineThatJoinedAsANode) {
  join();
  appear();
  const Json node = send("GET", "/pools/fleet/nodes/" + node_).json();
  EXPECT_EQ(node["state"], "idle") << node;
  EXPECT_EQ(node["ipAddress"], "10.0.0.1");
}

TEST_F(NodeProtocol, RefusesANodesOldToken) {
  join();
  token_ = "not it";
  spec::SyncRequest request;
  request.session = "s";
  request.sequence = 1;
  EXPECT_EQ(as_node("POST", "sync", spec::to_text(request)).status, 403);
  EXPECT_EQ(as_node("GET", "secrets/db").status, 403);
}

TEST_F(NodeProtocol, GivesSecretsToNodesAlone) {
  join();
  ASSERT_EQ(send_json("PUT", "/scoria/v1/secrets/db", Json{{"value", "hunter2"}}).status, 204);
  const Heard secret = as_node("GET", "secrets/db");
  EXPECT_EQ(secret.status, 200) << secret.body;
  EXPECT_EQ(secret.body, "hunter2");
  EXPECT_EQ(as_node("GET", "secrets/none").status, 404);
}

TEST_F(NodeProtocol, OrdersTasksWithTheTokenThatTheyAskedFor) {
  join();
  appear();
  add_job("j1", "fleet");
  const Heard added =
      send_json("POST", "/jobs/j1/tasks",
                Json{{"id", "t1"}, {"commandLine", "true"}, {"authenticationTokenSettings", {{"access", {"job"}}}}});
  ASSERT_EQ(added.status, 201) << added.body;
  spec::SyncReply reply;
  for (int i = 0; i < 100 && reply.start.empty(); ++i) {
    spec::SyncRequest request;
    request.wait_ms = 100;
    reply = sync(request);
  }
  ASSERT_EQ(reply.start.size(), 1u);
  EXPECT_EQ(reply.start[0].task, "t1");
  ASSERT_FALSE(reply.start[0].token.empty());
  const net::Headers bearer{{"Authorization", "Bearer " + reply.start[0].token}};
  const std::string version = std::string("?api-version=") + kVersion;
  EXPECT_EQ(send_raw("GET", "/jobs/j1" + version, "", bearer).status, 200);
  EXPECT_EQ(send_raw("POST", "/jobs/j1/tasks" + version, R"({"id": "t2", "commandLine": "true"})", bearer).status, 201);
  add_job("j2", "fleet");
  EXPECT_EQ(send_raw("GET", "/jobs/j2" + version, "", bearer).code(), "InsufficientAccountPermissions");
  EXPECT_EQ(send_raw("GET", "/pools" + version, "", bearer).status, 403);
}

TEST_F(NodeProtocol, RelaysFilesOfNodesThatAreElsewhere) {
  join();
  appear();
  std::thread node([this] {
    for (int i = 0; i < 100; ++i) {
      spec::SyncRequest request;
      request.wait_ms = 100;
      for (const spec::FileOrder& order : sync(request).files) {
        const std::string id = std::to_string(order.id);
        if (order.action == "properties") {
          (void)as_node("POST", "files/" + id,
                        R"({"length": 5, "isDirectory": false, "modified_us": 0, "created_us": 0, "mode": 420})");
        } else if (order.action == "read") {
          EXPECT_EQ(order.path, "startup/stdout.txt");
          (void)as_node("POST", "files/" + id, "hello");
          return;
        }
      }
    }
  });
  const Heard file = send("GET", "/pools/fleet/nodes/" + node_ + "/files/startup/stdout.txt");
  node.join();
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(file.body, "hello");
  EXPECT_EQ(as_node("POST", "files/12345", "late").status, 404);
}

TEST_F(NodeProtocol, LetsNoPathOutOfTheNodesFolder) {
  join();
  appear();
  for (const char* path : {"..%2F..%2Fetc%2Fpasswd", "startup/../../x", "%2Fetc%2Fpasswd/.."}) {
    const Heard file = send("GET", "/pools/fleet/nodes/" + node_ + "/files/" + path);
    EXPECT_EQ(file.status, 404) << path;
    EXPECT_EQ(file.code(), "FileNotFound") << path;
  }
}

TEST_F(NodeProtocol, KnowsNoOtherOperation) {
  join();
  EXPECT_EQ(as_node("GET", "sync").status, 404);
  EXPECT_EQ(send_raw("POST", "/node/v1/fleet").status, 404);
}

}  // namespace
}  // namespace scoria::server
