// One connection of an HttpServer, and what all of its connections share. For http_server.cc and server_connection.cc only.
//
// A connection is a chain of steps: whoever runs a step owns the connection until the step waits for the socket or for a Responder.
// So there are no locks in it, but one: whether a reply is there, or the handler's return, comes first (exchange_mutex_). A reply
// that the handler sends before it returns, on its own thread, needs none.
// From outside, a connection is only ever ended by shutdown(2) of its socket, which the chain then finds out.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "net/byte_stream.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "net/request_reader.h"
#include "net/tls_context.h"

namespace scoria::net {

class ServerConnection;

// Lives as long as the server or the last Responder.
struct ServerShared {
  ServerShared(HttpServerConfig given, HttpHandler& serves) : config(std::move(given)), handler(serves) {}

  using Connections = std::list<std::shared_ptr<ServerConnection>>;

  HttpServerConfig config;
  HttpHandler& handler;  // not called once `connections` is empty and the listeners are closed
  EventLoop loop;
  std::atomic<bool> is_closing = false;   // replies say that their connection closes
  std::atomic<bool> is_draining = false;  // and idle ones are closed
  std::atomic<std::uint64_t> now_ms = 1;  // a coarse clock, set by the sweep

  std::mutex connections_mutex;
  Connections connections;  // guarded by connections_mutex
  std::unordered_map<std::string, std::uint32_t>
      of_hosts;                              // guarded by connections_mutex; where there is a limit: how many each has
  std::condition_variable connections_fell;  // with connections_mutex
  std::atomic<bool> is_accepting_paused = false;  // for want of room or descriptors
  std::function<void()> resume_accepting;         // called on a thread of the loop
};

class ServerConnection final : public EventLoop::Watcher,
                               public ReplyTaker,
                               public std::enable_shared_from_this<ServerConnection> {
 public:
  // `descriptor` is non-blocking, and owned from now on. `tls` is null on plain listeners.
  ServerConnection(std::shared_ptr<ServerShared> shared, int descriptor, const TlsContext& tls);
  ~ServerConnection() override;

  // False: the kernel has no room to wait for it. It must not be started then.
  bool is_watched() const { return watch_ != nullptr; }
  const std::string& host() const { return host_; }  // "127.0.0.1", "::1": of the client
  bool is_loopback() const { return is_loopback_; }

  // Set before start(): where it stands in the list.
  ServerShared::Connections::iterator place;
  void start();
  void ready() noexcept override { run(); }
  // From any thread: the reply to the request that was given to the handler.
  void take(HttpReply&& reply) override;

  // Called by the sweep, under connections_mutex: ends what waits too long. Also finds clients that left while their reply is being
  // waited for; true if this is one, and the caller must then call end_parked() without the mutex.
  bool sweep(std::uint64_t now_ms);
  void end_parked();
  // Under connections_mutex. An idle connection ends, any other when its reply is sent; `at_once`: all end (parked ones as in sweep()).
  bool wind_up(bool at_once);

 private:
  enum class Phase : std::uint8_t { none, handshake, idle, head, body, working, reply, linger };
  enum class Step : std::uint8_t { on, yield, read, write, park, end };
  enum class Exchange : std::uint8_t { reading, handling, parked, replied, gone };
  enum class AfterReply : std::uint8_t { next_request, body, close };

  void run() noexcept;
  Step advance();
  bool wait(Step step);
  std::uint64_t slowest_end(std::uint64_t silence_ends, std::uint64_t moved) const;
  void end();

  Step shake_hands();
  Step read();
  Step consume(std::string_view& bytes);
  Step input_ended();
  Step begin_request();
  Step take_body();
  Step deliver();
  bool park();
  Step refuse(int status, std::string_view why);
  HttpReply explained(int status, std::string_view why);
  bool claim_if_parked_and(bool is_wanted);
  // One thread at a time writes; the sweep reads.
  void count_written(std::uint64_t bytes) {
    written_.store(stream_.is_tls() ? stream_.tls_bytes_written() - handshake_bytes_
                                    : written_.load(std::memory_order_relaxed) + bytes,
                   std::memory_order_relaxed);
  }
  std::uint64_t untaken() const;
  bool owes_much() const;
  bool takes_too_slowly(std::uint64_t now_ms);
  void reset_at_end();

  Step refuse_planned();
  Step start_reply();
  void write_head(const HttpReply& reply, bool has_body, std::optional<std::uint64_t> length);
  Step send_reply();
  Step send_out();
  Step send_tail();
  Step next_piece();
  Step cut(std::string_view why);
  Step after_reply();
  Step linger();

  std::shared_ptr<ServerShared> shared_;
  const int descriptor_;
  EventLoop::Watch* watch_ = nullptr;
  bool is_closed_ = false;
  ByteStream stream_;
  RequestReader reader_;
  std::string host_, peer_;
  bool is_loopback_ = false;

  Phase phase_ = Phase::idle;
  std::atomic<std::uint64_t> deadline_ = 0;  // milliseconds << 8 | phase; 0: none
  std::atomic<bool> is_expired_ = false;
  std::uint64_t head_deadline_ms_ = 0;
  std::uint64_t moving_since_ms_ = 0;  // the body in hand
  std::uint32_t requests_ = 0;         // begun

  std::string unread_;  // received and not yet used, from unread_at_
  std::size_t unread_at_ = 0;
  bool may_have_more_ = true;  // the socket was not read empty

  // Of the request in hand.
  BodyPlan plan_;
  std::uint64_t body_bytes_ = 0;
  bool is_dropping_ = false;  // the body of a refused request
  bool is_head_request_ = false;
  bool must_close_ = false;    // after the reply
  bool body_is_left_ = false;  // unread, so that closing must linger

  // The chain alone leaves and enters `reading`; other changes, and looks from outside, are made under the mutex.
  std::mutex exchange_mutex_;
  std::atomic<Exchange> exchange_ = Exchange::reading;
  std::optional<HttpReply> reply_;  // guarded by it until exchange_ is replied; then the chain's

  std::string out_;  // what goes out first: a head, a chunk
  std::size_t out_at_ = 0;
  std::string_view tail_;  // then this part of reply_->body
  std::uint64_t source_left_ = 0;
  bool source_is_open_ = false;
  bool is_chunked_ = false;
  AfterReply after_ = AfterReply::next_request;
  std::uint64_t lingered_ = 0;

  std::uint64_t handshake_bytes_ = 0;
  std::atomic<std::uint64_t> written_ = 0;  // given to the kernel, of all replies
  std::atomic<bool> is_held_up_ = false;    // a reply waits for the client to take what was written of it
  // Of the sweep: up to where the client had taken everything, and since when it has not.
  std::uint64_t taken_whole_ = 0;
  std::uint64_t owing_since_ms_ = 0;  // 0: it has everything
  std::uint64_t owed_until_ = 0;      // what had been written then
};

}  // namespace scoria::net
