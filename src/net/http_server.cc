#include "net/http_server.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "net/server_connection.h"

// Behind server_connection.h, which begins Boost.
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace scoria::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::milliseconds kSweep{200};

std::uint64_t steady_ms() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count()) + 1;
}

std::string shown(const tcp::endpoint& at) {
  const std::string host = at.address().to_string();
  return (at.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(at.port());
}

struct Closer {
  int descriptor = -1;
  ~Closer() {
    if (descriptor >= 0) ::close(descriptor);
  }
  int release() { return std::exchange(descriptor, -1); }
};

Error cannot_listen(const std::string& address, int error) {
  const std::string where = "cannot listen on " + address + ": ";
  if (error == EADDRINUSE) {
    return Error{Code::conflict, where + "the port is in use; stop what uses it, or choose another"};
  }
  if (error == EACCES) return Error{Code::denied, where + "ports below 1024 are the system administrator's"};
  if (error == EADDRNOTAVAIL) return Error{Code::invalid, where + "this machine has no such address"};
  return Error{Code::unavailable, where + std::strerror(error)};
}

// "host:port", "[v6]:port" -> host, port.
Result<std::pair<std::string, std::string>> split(const std::string& address) {
  const auto wrong = [&] {
    return Error{Code::invalid, "listener '" + address + "' must be HOST:PORT, as in 127.0.0.1:10100 or [::1]:443"};
  };
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return wrong();
  std::string host = address.substr(0, colon);
  const std::string port = address.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return wrong();
  }
  const bool is_number = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
  if (host.empty() || !is_number || std::stoi(port) > 65535) return wrong();
  return std::pair(host, port);
}

struct Bound {
  int descriptor;
  bool is_v6;
};

Result<Bound> listen_on(const std::string& address) {
  SCORIA_TRY(parts, split(address));
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(parts.first.c_str(), parts.second.c_str(), &wanted, &found); failed != 0) {
    return Error{Code::invalid, "listener '" + address + "': " + ::gai_strerror(failed)};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  Closer socket{::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (socket.descriptor < 0) return cannot_listen(address, errno);
  const int on = 1;
  ::setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.descriptor, found->ai_addr, found->ai_addrlen) != 0 || ::listen(socket.descriptor, 1024) != 0) {
    return cannot_listen(address, errno);
  }
  return Bound{socket.release(), found->ai_family == AF_INET6};
}

Status check(const HttpServerConfig& config) {
  if (config.listeners.empty()) return Error{Code::invalid, "a server needs at least one listener"};
  if (config.threads < 1 || config.threads > 64) {
    return Error{Code::invalid, "threads is " + std::to_string(config.threads) + ", must be 1 to 64"};
  }
  if (config.max_head < 256 || config.max_head > (1u << 20)) {
    return Error{Code::invalid, "max_head is " + std::to_string(config.max_head) + ", must be 256 to 1048576 bytes"};
  }
  if (config.max_connections < 1) return Error{Code::invalid, "max_connections is 0, must be at least 1"};
  return Ok{};
}

}  // namespace

struct HttpServer::State {
  struct Listening {
    Listening(asio::io_context& io, Bound bound, const Listener& given)
        : config(given), is_v6(bound.is_v6), acceptor(io, is_v6 ? tcp::v6() : tcp::v4(), bound.descriptor) {
      endpoint = acceptor.local_endpoint();
    }
    Listener config;
    bool is_v6;
    tcp::endpoint endpoint;
    std::mutex mutex;
    tcp::acceptor acceptor;   // guarded by mutex
    TlsContext tls;           // guarded by mutex
    bool is_waiting = false;  // guarded by mutex; an accept is to come
  };

  State(HttpServerConfig config, HttpHandler& handler)
      : shared(std::make_shared<ServerShared>(std::move(config), handler)), timer(shared->io) {
    shared->resume_accepting = [this] { resume_accepting(); };
  }

  Status open() {
    for (const Listener& wanted : shared->config.listeners) {
      TlsContext tls;
      if (wanted.tls) {
        SCORIA_TRY(made, server_tls(wanted.tls->certificate_chain, wanted.tls->private_key));
        tls = std::move(made);
      }
      SCORIA_TRY(bound, listen_on(wanted.address));
      listening.push_back(std::make_unique<Listening>(shared->io, bound, wanted));
      listening.back()->tls = std::move(tls);
    }
    return Ok{};
  }

  void serve() {
    shared->now_ms = steady_ms();
    sweep_later();
    for (const auto& listener : listening) accept_later(*listener);
    for (int i = 0; i < shared->config.threads; ++i) {
      threads.emplace_back([this] {
        for (;;) {
          try {
            shared->io.run();
            return;
          } catch (const std::exception& thrown) {
            log::error("http_server_failed", {{"why", thrown.what()}});
          }
        }
      });
    }
  }

  void accept_later(Listening& listener) {
    const std::lock_guard lock(listener.mutex);
    if (!listener.acceptor.is_open() || std::exchange(listener.is_waiting, true)) return;
    listener.acceptor.async_wait(tcp::acceptor::wait_read, [this, &listener](const boost::system::error_code& error) {
      TlsContext tls;
      {
        const std::lock_guard inner(listener.mutex);
        listener.is_waiting = false;
        if (error || !listener.acceptor.is_open()) return;
        tls = listener.tls;
      }
      try {
        if (accept_all(listener, tls)) accept_later(listener);
      } catch (...) {  // no memory: the sweep has it tried again
        shared->is_accepting_paused = true;
        throw;
      }
    });
  }

  // False: there is no room for more now.
  bool accept_all(Listening& listener, const TlsContext& tls) {
    for (;;) {
      if (is_full()) {
        shared->is_accepting_paused = true;
        // One may have ended meanwhile, and not have seen that we pause.
        if (is_full()) return false;
      }
      Closer socket;
      {
        const std::lock_guard lock(listener.mutex);
        if (!listener.acceptor.is_open()) return false;
        socket.descriptor =
            ::accept4(listener.acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      }
      if (socket.descriptor < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
        if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) continue;
        log::warn("http_accept_failed", {{"listener", shown(listener.endpoint)}, {"why", std::strerror(errno)}});
        shared->is_accepting_paused = true;  // the sweep tries again
        return false;
      }
      begin(socket.release(), listener.is_v6, tls);
    }
  }

  void begin(int descriptor, bool is_v6, const TlsContext& tls) {
    auto connection = std::make_shared<ServerConnection>(shared, descriptor, is_v6, tls);
    const std::lock_guard lock(shared->connections_mutex);
    connection->place = shared->connections.insert(shared->connections.end(), connection);
    connection->start();
  }

  bool is_full() {
    const std::lock_guard lock(shared->connections_mutex);
    return shared->connections.size() >= shared->config.max_connections;
  }

  void resume_accepting() {
    if (!shared->is_accepting_paused.exchange(false)) return;
    for (const auto& listener : listening) accept_later(*listener);
  }

  void sweep_later() {
    timer.expires_after(kSweep);
    timer.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      sweep_later();
      const std::uint64_t now = steady_ms();
      shared->now_ms = now;
      for_each([&](ServerConnection& connection) { return connection.sweep(now); });
      resume_accepting();
    });
  }

  // `visit` returns true for a parked connection that it has taken over, to be ended.
  template <typename Visit>
  void for_each(Visit visit) {
    std::vector<std::shared_ptr<ServerConnection>> taken;
    {
      const std::lock_guard lock(shared->connections_mutex);
      for (const auto& connection : shared->connections) {
        if (visit(*connection)) taken.push_back(connection);
      }
    }
    for (const auto& connection : taken) connection->end_parked();
  }

  void stop_listening() {
    for (const auto& listener : listening) {
      const std::lock_guard lock(listener->mutex);
      boost::system::error_code ignored;
      listener->acceptor.close(ignored);
    }
  }

  void drain(std::chrono::milliseconds patience, std::chrono::milliseconds linger) {
    const std::lock_guard one_at_a_time(drain_mutex);
    if (threads.empty()) return;
    shared->is_closing = true;
    stop_listening();
    const auto are_gone = [this] { return shared->connections.empty(); };
    std::unique_lock lock(shared->connections_mutex);
    shared->connections_fell.wait_for(lock, linger, are_gone);
    lock.unlock();
    shared->is_draining = true;
    for_each([](ServerConnection& connection) { return connection.wind_up(false); });
    lock.lock();
    shared->connections_fell.wait_for(lock, patience, are_gone);
    while (!are_gone()) {
      lock.unlock();
      for_each([](ServerConnection& connection) { return connection.wind_up(true); });
      lock.lock();
      // Again and again: a handler may be at work, whose connection parks only now.
      shared->connections_fell.wait_for(lock, kSweep / 4, are_gone);
    }
    lock.unlock();
    shared->io.stop();
    threads.clear();  // joins
  }

  std::shared_ptr<ServerShared> shared;
  asio::steady_timer timer;
  std::vector<std::unique_ptr<Listening>> listening;
  std::mutex drain_mutex;
  std::vector<std::jthread> threads;  // guarded by drain_mutex
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerConfig config, HttpHandler& handler) {
  SCORIA_TRY_STATUS(check(config));
  auto state = std::make_unique<State>(std::move(config), handler);
  SCORIA_TRY_STATUS(state->open());
  state->serve();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() { state_->drain({}, {}); }

std::string HttpServer::address(std::size_t listener) const { return shown(state_->listening.at(listener)->endpoint); }

Status HttpServer::reload_tls() {
  std::vector<std::pair<State::Listening*, TlsContext>> made;
  for (const auto& listener : state_->listening) {
    if (!listener->config.tls) continue;
    SCORIA_TRY(tls, server_tls(listener->config.tls->certificate_chain, listener->config.tls->private_key));
    made.emplace_back(listener.get(), std::move(tls));
  }
  for (auto& [listener, tls] : made) {
    const std::lock_guard lock(listener->mutex);
    listener->tls = std::move(tls);
  }
  return Ok{};
}

void HttpServer::drain(std::chrono::milliseconds patience, std::chrono::milliseconds linger) {
  state_->drain(patience, linger);
}

std::uint64_t HttpServer::open_connections() const {
  const std::lock_guard lock(state_->shared->connections_mutex);
  return state_->shared->connections.size();
}

}  // namespace scoria::net
