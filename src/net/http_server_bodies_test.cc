// Bodies that are streamed, either way, and replies that come late.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "net/handler_for_tests.h"
#include "net/raw_client_for_tests.h"

namespace scoria::net {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct CountingSink final : BodySink {
  struct Seen {
    std::uint64_t bytes = 0;
    std::size_t largest = 0;
    std::atomic<bool> is_gone = false;
  };
  explicit CountingSink(Seen& into, std::uint64_t fails = UINT64_MAX) : seen(into), fails_at(fails) {}
  ~CountingSink() override { seen.is_gone = true; }
  Status write(std::span<const std::byte> bytes) override {
    seen.bytes += bytes.size();
    seen.largest = std::max(seen.largest, bytes.size());
    if (seen.bytes >= fails_at) return Error{Code::exhausted, "the disk is full"};
    return Ok{};
  }
  Seen& seen;
  std::uint64_t fails_at;
};

class Pieces final : public BodySource {
 public:
  explicit Pieces(std::vector<std::string> pieces, std::optional<std::uint64_t> length = std::nullopt)
      : pieces_(std::move(pieces)), length_(length) {}
  Result<std::string> next() override {
    if (at_ == pieces_.size()) return std::string();
    std::string piece = pieces_[at_++];
    if (piece == "fail") return Error{Code::unavailable, "the source is gone"};
    return piece;
  }
  std::optional<std::uint64_t> length() const override { return length_; }

 private:
  std::vector<std::string> pieces_;
  std::optional<std::uint64_t> length_;
  std::size_t at_ = 0;
};

class Bodies : public testing::Test {
 protected:
  void TearDown() override {
    server_.reset();
    if (!path_.empty()) std::filesystem::remove(path_);
  }

  std::shared_ptr<const int> file(const std::string& content) {
    path_ = testing::TempDir() + "scoria-bodies-" + std::to_string(getpid());
    std::ofstream(path_) << content;
    return {new int(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)), [](const int* descriptor) {
              ::close(*descriptor);
              delete descriptor;
            }};
  }

  HandlerForTests handler_;
  std::unique_ptr<HttpServer> server_ = serve(handler_);
  std::string path_;
};

TEST_F(Bodies, StreamAHundredMegabytesToASinkInBoundedMemory) {
  CountingSink::Seen seen;
  handler_.plan = [&](const HttpRequest&) {
    return BodyPlan{.max_bytes = 1u << 30, .sink = std::make_unique<CountingSink>(seen)};
  };
  handler_.answer = [](HttpRequest request, Responder responder) {
    responder.send({.body = request.sink != nullptr && request.body.empty() ? "whole" : "not"});
  };
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  RawClient client(server_->address(0));
  client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n");
  const std::string piece(1u << 20, 'x');
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(client.send(piece));
  EXPECT_THAT(client.read_reply(), EndsWith("whole"));
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_EQ(seen.bytes, 104857600u);
  EXPECT_LE(seen.largest, 1u << 20);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 20 << 10);  // KiB
  EXPECT_TRUE(seen.is_gone);
}

TEST_F(Bodies, ThatAreOneLastChunkMayComeByteByByte) {
  server_ = serve(handler_, {});
  RawClient client(server_->address(0));
  for (const std::string body : {"0\r\n\r\n", "0\r\na: b\r\n\r\n", "1\r\n0\r\n0\r\n\r\n"}) {
    client.send("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (const char byte : body) {
      client.send(std::string(1, byte));
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    EXPECT_THAT(client.read_reply(), EndsWith(body.front() == '1' ? "PUT / [0]" : "PUT / []"));
  }
}

TEST_F(Bodies, ThatNeverEndLeaveTheirThreadToOthers) {
  CountingSink::Seen seen;
  handler_.plan = [&](const HttpRequest& head) {
    BodyPlan plan;
    if (head.method == "PUT") plan = {.max_bytes = UINT64_MAX, .sink = std::make_unique<CountingSink>(seen)};
    return plan;
  };
  server_ = serve(handler_, {.threads = 1});
  std::atomic<bool> is_enough = false;
  std::jthread uploading([&, address = server_->address(0)] {
    RawClient client(address);
    client.send("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "100000\r\n" + std::string(1u << 20, 'x') + "\r\n";
    while (!is_enough && client.send(chunk)) {
    }
  });
  RawClient client(server_->address(0));
  for (int i = 0; i < 20; ++i) {
    client.send(kGet);
    EXPECT_THAT(client.read_reply(), EndsWith("GET / []"));
  }
  is_enough = true;
  uploading.join();
  server_.reset();  // and with it the sink, before what that counts in
}

TEST_F(Bodies, DestroyTheSinkOfAClientThatLeavesInTheMiddle) {
  CountingSink::Seen seen;
  std::atomic<bool> is_handled = false;
  handler_.plan = [&](const HttpRequest&) { return BodyPlan{.sink = std::make_unique<CountingSink>(seen)}; };
  handler_.answer = [&](HttpRequest, Responder) { is_handled = true; };
  {
    RawClient client(server_->address(0));
    client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
  }
  EXPECT_TRUE(comes_true([&] { return seen.is_gone.load(); }));
  EXPECT_TRUE(comes_true([&] { return server_->open_connections() == 0; }));
  EXPECT_FALSE(is_handled);
}

TEST_F(Bodies, LetTheHandlerAnswerWhatASinkRefuses) {
  CountingSink::Seen seen;
  handler_.plan = [&](const HttpRequest&) { return BodyPlan{.sink = std::make_unique<CountingSink>(seen, 5)}; };
  handler_.answer = [](HttpRequest request, Responder responder) {
    responder.send({.status = 507, .body = request.body_error ? request.body_error->message : "none"});
  };
  RawClient client(server_->address(0));
  client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789");
  const std::string reply = client.read_to_end();
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 507 "));
  EXPECT_THAT(reply, EndsWith("the disk is full"));
}

TEST_F(Bodies, OfFilesAndOfTheirRangesAreSentAsTheyAre) {
  std::string content(5'000'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 >> 3);
  const auto opened = file(content);
  handler_.answer = [&](HttpRequest request, Responder responder) {
    FilePart part{.descriptor = opened, .offset = 0, .length = content.size()};
    if (request.target == "/range") part = {.descriptor = opened, .offset = 1'234'567, .length = 1'000'001};
    if (request.target == "/empty") part.length = 0;
    responder.send({.file = part});
  };
  RawClient client(server_->address(0), 4096);
  client.send(
      "GET /all HTTP/1.1\r\nHost: x\r\n\r\nGET /range HTTP/1.1\r\nHost: x\r\n\r\nGET /empty HTTP/1.1\r\nHost: "
      "x\r\n\r\n");
  const auto body = [](const std::string& reply) { return reply.substr(reply.find("\r\n\r\n") + 4); };
  EXPECT_TRUE(body(client.read_reply()) == content);
  EXPECT_TRUE(body(client.read_reply()) == content.substr(1'234'567, 1'000'001));
  EXPECT_THAT(client.read_reply(), EndsWith("Content-Length: 0\r\n\r\n"));
}

TEST_F(Bodies, OfAFileThatBecameShorterAreCut) {
  handler_.answer = [&](HttpRequest, Responder responder) {
    responder.send({.file = FilePart{.descriptor = file("short"), .offset = 0, .length = 1000}});
  };
  RawClient client(server_->address(0));
  client.send(kGet);
  EXPECT_THAT(client.read_to_end(), Not(HasSubstr("\r\n\r\nshort\r\n")));
  EXPECT_TRUE(comes_true([&] { return server_->open_connections() == 0; }));
}

TEST_F(Bodies, LargeOnesOfMemoryReachAClientThatReadsSlowly) {
  std::string content(3'000'000, 'a');
  content.back() = 'z';
  handler_.answer = [&](HttpRequest, Responder responder) { responder.send({.body = content}); };
  RawClient client(server_->address(0), 4096);
  client.send(std::string(kGet) + std::string(kGet));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(client.read_reply().ends_with(content));
}

TEST_F(Bodies, ComeInChunksFromASourceOfUnknownLength) {
  handler_.answer = [](HttpRequest, Responder responder) {
    responder.send({.source = std::make_unique<Pieces>(std::vector<std::string>{"abc", "0123456789abcdef0", "x"})});
  };
  RawClient client(server_->address(0));
  client.send(std::string(kGet) + "GET / HTTP/1.0\r\n\r\n");
  const std::string first = client.read_to("0\r\n\r\n");
  EXPECT_THAT(first, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(first, EndsWith("\r\n\r\n3\r\nabc\r\n11\r\n0123456789abcdef0\r\n1\r\nx\r\n0\r\n\r\n"));
  const std::string second = client.read_to_end();
  EXPECT_THAT(second, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_THAT(second, EndsWith("\r\n\r\nabc0123456789abcdef0x"));
}

TEST_F(Bodies, OfKnownLengthComeWithItAndAreCutWhenItIsNotTrue) {
  std::uint64_t length = 6;
  handler_.answer = [&](HttpRequest, Responder responder) {
    responder.send({.source = std::make_unique<Pieces>(std::vector<std::string>{"abc", "def"}, length)});
  };
  RawClient client(server_->address(0));
  client.send(kGet);
  EXPECT_THAT(client.read_reply(), EndsWith("Content-Length: 6\r\n\r\nabcdef"));
  for (const std::uint64_t wrong : {5, 7}) {
    length = wrong;
    RawClient other(server_->address(0));
    other.send(kGet);
    EXPECT_TRUE(other.is_closed());
  }
}

TEST_F(Bodies, AreCutWhereTheirSourceFails) {
  handler_.answer = [](HttpRequest, Responder responder) {
    responder.send({.source = std::make_unique<Pieces>(std::vector<std::string>{"abc", "fail"})});
  };
  RawClient client(server_->address(0));
  client.send(kGet);
  EXPECT_THAT(client.read_to_end(), Not(HasSubstr("0\r\n\r\n")));
}

TEST_F(Bodies, ComeLateFromAnotherThread) {
  std::vector<std::jthread> threads;
  std::mutex mutex;
  handler_.answer = [&](HttpRequest request, Responder responder) {
    const std::lock_guard lock(mutex);
    threads.emplace_back(
        [target = request.target, late = std::move(responder)]() mutable { late.send({.body = "late " + target}); });
  };
  RawClient client(server_->address(0));
  for (int i = 0; i < 200; ++i) {
    client.send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_THAT(client.read_reply(), EndsWith("late /" + std::to_string(i)));
  }
}

TEST_F(Bodies, ForAClientThatLeftMeanwhileGoNowhere) {
  std::promise<Responder> parked;
  handler_.answer = [&](HttpRequest, Responder responder) { parked.set_value(std::move(responder)); };
  std::optional<RawClient> client(std::in_place, server_->address(0));
  client->send(kGet);
  Responder responder = parked.get_future().get();
  EXPECT_EQ(server_->open_connections(), 1u);
  client.reset();
  EXPECT_TRUE(comes_true([&] { return server_->open_connections() == 0; }));
  responder.send({.body = "too late"});
}

TEST_F(Bodies, OfRespondersThatOutliveTheServerGoNowhere) {
  std::promise<Responder> parked;
  handler_.answer = [&](HttpRequest, Responder responder) { parked.set_value(std::move(responder)); };
  RawClient client(server_->address(0));
  client.send(kGet);
  Responder responder = parked.get_future().get();
  server_.reset();
  EXPECT_TRUE(client.is_closed());
  responder.send({.body = "too late"});
}

}  // namespace
}  // namespace scoria::net
