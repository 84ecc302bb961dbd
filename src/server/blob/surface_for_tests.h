// A BlobSurface over a store in a folder of its own, spoken to without sockets: requests are signed, planned, fed and answered as a server
// would.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "auth/sas.h"
#include "base/iso8601.h"
#include "server/blob/blob_surface.h"

namespace scoria::server {

class SurfaceClock final : public Clock {
 public:
  Now now() const override { return {wall, {}}; }
  WallTime wall = parse_time("2026-11-29T12:00:00Z").value();
};

struct Answer {
  int status = 0;
  net::Headers headers;
  std::string body;
  std::optional<std::uint64_t> head_length;
  bool was_refused = false;  // before the body was taken
  std::string header(std::string_view name) const { return std::string(net::find_header(headers, name).value_or("")); }
  std::string code() const { return header("x-ms-error-code"); }
};

class SurfaceTest : public ::testing::Test {
 protected:
  SurfaceTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "scoria-surface-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    store_ = blob::BlobStore::open(folder_ / "blobs", clock_).value();
    surface_ = std::make_unique<BlobSurface>(*store_, account_, clock_);
  }
  ~SurfaceTest() override {
    surface_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  // As it is: not signed.
  Answer send(const std::string& method, const std::string& target, net::Headers headers = {},
              const std::string& body = {}) {
    if (!net::find_header(headers, "Host")) headers.emplace_back("Host", "127.0.0.1:10100");
    net::HttpRequest request{.method = method, .target = target, .headers = std::move(headers)};
    request.peer = "127.0.0.1:4711";
    request.is_tls = is_tls_;
    auto plan = surface_->plan_body(request);
    if (plan.refuse) {
      Answer answer = read(std::move(*plan.refuse));
      answer.was_refused = true;
      return answer;
    }
    EXPECT_LE(body.size(), plan.max_bytes);
    if (plan.sink) {
      const Status written = plan.sink->write(std::as_bytes(std::span(body)));
      if (!written.ok()) request.body_error = written.error();
      request.sink = std::move(plan.sink);
    } else {
      request.body = body;
    }
    Answer answer;
    surface_->handle(std::move(request),
                     net::Responder([&answer](net::HttpReply reply) { answer = read(std::move(reply)); }));
    return answer;
  }
  // Signed with the account's key; path style: `target` is behind the account.
  Answer call(const std::string& method, const std::string& target, net::Headers headers = {},
              const std::string& body = {}) {
    headers.emplace_back("Content-Length", std::to_string(body.size()));
    headers.emplace_back("x-ms-version", "2021-08-06");
    const std::string whole = "/acct" + target;
    for (auto& header : auth::sign(auth::Service::blob, account_, method, whole, headers, clock_.wall)) {
      headers.push_back(std::move(header));
    }
    return send(method, whole, std::move(headers), body);
  }
  Answer put(const std::string& target, const std::string& body, net::Headers headers = {}) {
    headers.emplace_back("x-ms-blob-type", "BlockBlob");
    return call("PUT", target, std::move(headers), body);
  }
  std::string sas(std::string_view container, std::string_view blob, std::string_view permissions) const {
    return auth::make_sas(account_, container, blob, permissions, clock_.wall - std::chrono::hours(1),
                          clock_.wall + std::chrono::hours(1));
  }
  void make_container(const std::string& name) {
    ASSERT_EQ(call("PUT", "/" + name + "?restype=container").status, 201);
  }

  static Answer read(net::HttpReply reply) {
    Answer answer{.status = reply.status,
                  .headers = std::move(reply.headers),
                  .body = std::move(reply.body),
                  .head_length = reply.head_length};
    if (reply.file) {
      answer.body.resize(reply.file->length);
      EXPECT_EQ(::pread(*reply.file->descriptor, answer.body.data(), answer.body.size(),
                        static_cast<off_t>(reply.file->offset)),
                static_cast<ssize_t>(answer.body.size()));
    }
    return answer;
  }

  SurfaceClock clock_;
  auth::AccountKey account_{"acct", std::string(64, 'k')};
  std::filesystem::path folder_;
  std::unique_ptr<blob::BlobStore> store_;
  std::unique_ptr<BlobSurface> surface_;
  bool is_tls_ = true;
};

}  // namespace scoria::server
