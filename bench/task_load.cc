// A native loader of tasks: N tasks as N/100 addtaskcollection requests of the shape that the JavaScript and Python SDKs send, on some
// connections at once, each signed. Prints how long it took until all were acknowledged, and checks every answer.
//
// usage: task_load URL ACCOUNT JOB N CONNECTIONS COMMAND     the account's key in SCORIA_KEY (base64)
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "auth/shared_key.h"
#include "base/clock.h"
#include "net/http_connection.h"

namespace {

constexpr int kTasksPerRequest = 100;

std::string body_of(int request, const std::string& command) {
  std::string body = R"({"value":[)";
  for (int i = 0; i < kTasksPerRequest; ++i) {
    if (i > 0) body += ',';
    body +=
        R"({"id":"task-)" + std::to_string(request * kTasksPerRequest + i) + R"(","commandLine":")" + command +
        R"(","environmentSettings":[{"name":"STEP","value":")" + std::to_string(i) +
        R"("}],"constraints":{"maxTaskRetryCount":1},"userIdentity":{"autoUser":{"scope":"pool","elevationLevel":"nonadmin"}}})";
  }
  return body + "]}";
}

}  // namespace

int main(int argc, char** argv) {
  using namespace scoria;
  const char* key_text = std::getenv("SCORIA_KEY");
  if (argc != 7 || key_text == nullptr) {
    std::fprintf(stderr, "usage: SCORIA_KEY=... task_load URL ACCOUNT JOB N CONNECTIONS COMMAND\n");
    return 2;
  }
  const auth::AccountKey account{argv[2], auth::from_base64(key_text).value()};
  const std::string target = std::string("/jobs/") + argv[3] + "/addtaskcollection?api-version=2022-10-01.16.0";
  const int requests = std::atoi(argv[4]) / kTasksPerRequest;
  const int connections = std::atoi(argv[5]);
  std::vector<std::string> bodies;
  for (int i = 0; i < requests; ++i) bodies.push_back(body_of(i, argv[6]));
  std::atomic<int> next{0};
  std::atomic<int> failed{0};
  std::atomic<long> worst_us{0};
  const auto begin = std::chrono::steady_clock::now();
  const auto work = [&] {
    net::HttpConnection server({.url = argv[1]});
    for (int i = next++; i < requests; i = next++) {
      net::ClientRequest request{.method = "POST", .target = target};
      request.headers = {{"Content-Type", "application/json; odata=minimalmetadata"},
                         {"Content-Length", std::to_string(bodies[static_cast<std::size_t>(i)].size())}};
      const net::Headers signature =
          auth::sign(auth::Service::batch, account, "POST", target, request.headers, SystemClock().now().wall);
      request.headers.insert(request.headers.end(), signature.begin(), signature.end());
      request.body = bodies[static_cast<std::size_t>(i)];
      const auto sent = std::chrono::steady_clock::now();
      const auto reply = server.request(request);
      const long took =
          std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - sent).count();
      long seen = worst_us;
      while (took > seen && !worst_us.compare_exchange_weak(seen, took)) {
      }
      std::size_t added = 0;
      if (reply.ok() && reply.value().status == 200) {
        for (std::size_t at = 0; (at = reply.value().body.find("\"success\"", at)) != std::string::npos; ++at) ++added;
      }
      if (added != kTasksPerRequest) {
        if (failed++ == 0) {
          std::fprintf(stderr, "request %d: %s\n", i,
                       reply.ok() ? reply.value().body.substr(0, 400).c_str() : reply.error().message.c_str());
        }
      }
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < connections; ++i) threads.emplace_back(work);
  threads.clear();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("{\"seconds\": %.6f, \"tasks\": %d, \"worst_request_ms\": %.3f, \"failed\": %d}\n", seconds,
              requests * kTasksPerRequest, static_cast<double>(worst_us) / 1000, failed.load());
  return failed == 0 ? 0 : 1;
}
