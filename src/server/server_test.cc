#include "server/server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "net/certificate.h"
#include "net/http_connection.h"
#include "net/http_server.h"

namespace scoria::server {
namespace {

// run_server() on ports of the system's choice, in a folder that is removed.
class RunServer : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "scoria-run-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  ServerOptions options() const {
    ServerOptions options;
    options.data = folder_ / "data";
    options.config.http = "127.0.0.1:0";
    options.config.https = "127.0.0.1:0";
    options.drain_patience = std::chrono::milliseconds(500);
    return options;
  }

  // Serves until stop() is called, and says where.
  struct Running {
    std::string http, https;
    std::stop_source stop;
    std::future<Status> end;
  };
  Running start(ServerOptions options) {
    Running running;
    auto ready = std::make_shared<std::promise<std::pair<std::string, std::string>>>();
    auto urls = ready->get_future();
    options.on_ready = [ready](const std::string& http, const std::string& https) { ready->set_value({http, https}); };
    running.end = std::async(std::launch::async, [this, options, token = running.stop.get_token()] {
      return run_server(options, clock_, token);
    });
    while (urls.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) {
      if (running.end.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
        const Status status = running.end.get();
        ADD_FAILURE() << (status.ok() ? "ended at once" : status.error().message);
        return running;
      }
    }
    std::tie(running.http, running.https) = urls.get();
    return running;
  }
  static Status stop(Running& running) {
    running.stop.request_stop();
    return running.end.get();
  }
  // It answers before its services are there.
  static bool becomes_ready(net::HttpConnection& client) {
    for (int i = 0; i < 500; ++i) {
      const auto ready = client.request({.method = "GET", .target = "/readyz", .headers = {}, .body = {}, .file = {}});
      if (!ready.ok() || ready.value().status == 200) return ready.ok();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  // The error of a server that does not come up.
  Error refused(const ServerOptions& options) {
    std::stop_source stop;
    stop.request_stop();  // should it come up after all
    const Status status = run_server(options, clock_, stop.get_token());
    EXPECT_FALSE(status.ok());
    return status.ok() ? Error{Code::invalid, "it served"} : status.error();
  }

  std::filesystem::path folder_;
  SystemClock clock_;
};

TEST_F(RunServer, ServesStopsAndGoesOn) {
  Running first = start(options());
  net::HttpConnection client({.url = first.http, .ca_file = {}});
  EXPECT_TRUE(becomes_ready(client));
  EXPECT_TRUE(stop(first).ok());
  const auto account = account_json(folder_ / "data");
  ASSERT_TRUE(account.ok()) << account.error().message;
  Running second = start(options());
  EXPECT_TRUE(stop(second).ok());
  EXPECT_EQ(nlohmann::json::parse(account_json(folder_ / "data").value())["accountKey"],
            nlohmann::json::parse(account.value())["accountKey"]);
}

TEST_F(RunServer, ServesHttpsUnderItsOwnAuthority) {
  Running running = start(options());
  net::HttpConnection client({.url = running.https, .ca_file = (folder_ / "data" / "tls" / "ca.pem").string()});
  EXPECT_TRUE(becomes_ready(client));
  EXPECT_TRUE(stop(running).ok());
}

TEST_F(RunServer, ServesACertificateOfSomebodyElsesAndItsRenewal) {
  for (const char* name : {"first", "second"}) {
    std::filesystem::create_directory(folder_ / name);
    ASSERT_TRUE(net::ensure_certificates(folder_ / name, {"127.0.0.1"}, clock_.now().wall).ok());
  }
  const auto put = [this](const std::string& name) {
    for (const char* file : {"server.pem", "server.key"}) {
      std::filesystem::copy_file(folder_ / name / file, folder_ / "next");
      std::filesystem::rename(folder_ / "next", folder_ / file);
    }
  };
  const auto is_served = [this](const Running& running, const std::string& name) {
    net::HttpConnection client({.url = running.https, .ca_file = (folder_ / name / "ca.pem").string()});
    return client.request({.method = "GET", .target = "/readyz", .headers = {}, .body = {}, .file = {}}).ok();
  };
  put("first");
  ServerOptions ours = options();
  ours.config.certificate = folder_ / "server.pem";
  ours.config.key = folder_ / "server.key";
  Running running = start(ours);
  EXPECT_TRUE(is_served(running, "first"));
  EXPECT_FALSE(is_served(running, "second"));
  EXPECT_EQ(nlohmann::json::parse(account_json(folder_ / "data").value())["caFile"], "") << "the system's authorities";
  put("second");
  for (int i = 0; i < 500 && !is_served(running, "second"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(is_served(running, "second"));
  EXPECT_FALSE(is_served(running, "first"));
  EXPECT_TRUE(stop(running).ok());
}

TEST_F(RunServer, RefusesCertificatesThatNobodyCouldVerify) {
  ServerOptions alone = options();
  alone.config.certificate = "fullchain.pem";
  EXPECT_EQ(refused(alone).code, Code::invalid);
  ServerOptions plain = options();
  plain.config.certificate = plain.config.key = "x.pem";
  plain.config.https = "";
  EXPECT_EQ(refused(plain).code, Code::invalid);
  ServerOptions nameless = options();
  nameless.config.certificate = nameless.config.key = "x.pem";
  nameless.config.http = "";
  EXPECT_NE(refused(nameless).message.find("url"), std::string::npos);
}

TEST_F(RunServer, KeepsKeysFromOthers) {
  Running running = start(options());
  for (const char* name : {"account.json", "token.key", "secrets.key", "tls/ca.key", "tls/server.key"}) {
    struct stat facts {};
    ASSERT_EQ(::stat((folder_ / "data" / name).c_str(), &facts), 0) << name;
    EXPECT_EQ(facts.st_mode & 07777, 0600u) << name;
  }
  EXPECT_TRUE(stop(running).ok());
}

TEST_F(RunServer, SaysThatThePortIsInUse) {
  Running running = start(options());
  ServerOptions other = options();
  other.data = folder_ / "other";
  other.config.http = running.http.substr(std::string("http://").size());
  const Error error = refused(other);
  EXPECT_EQ(error.code, Code::conflict);
  EXPECT_NE(error.message.find(other.config.http), std::string::npos) << error.message;
  EXPECT_TRUE(stop(running).ok());
}

TEST_F(RunServer, SaysThatTheFolderIsInUseAndByWhom) {
  Running running = start(options());
  const Error error = refused(options());
  EXPECT_EQ(error.code, Code::conflict);
  EXPECT_NE(error.message.find("in use by process " + std::to_string(getpid())), std::string::npos) << error.message;
  EXPECT_TRUE(stop(running).ok());
}

TEST_F(RunServer, RefusesPlainHttpBeyondThisMachine) {
  ServerOptions open = options();
  open.config.http = "0.0.0.0:0";
  EXPECT_NE(refused(open).message.find("without TLS"), std::string::npos);
  open.config.behind_proxy = true;
  Running running = start(open);
  EXPECT_TRUE(stop(running).ok());
}

TEST_F(RunServer, RefusesAnAccountThatIsANoun) {
  ServerOptions noun = options();
  noun.config.account = "pools";
  EXPECT_EQ(refused(noun).code, Code::invalid);
}

TEST_F(RunServer, RefusesKeysThatOthersMayRead) {
  Running running = start(options());
  EXPECT_TRUE(stop(running).ok());
  ASSERT_EQ(::chmod((folder_ / "data" / "account.json").c_str(), 0644), 0);
  EXPECT_EQ(refused(options()).code, Code::denied);
}

TEST(Account, OfAFolderWithoutAServerIsNotThere) {
  EXPECT_EQ(account_json("/nonexistent/folder").error().code, Code::not_found);
}

}  // namespace
}  // namespace scoria::server
