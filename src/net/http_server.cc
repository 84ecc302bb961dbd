#include "net/http_server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "net/server_connection.h"

namespace scoria::net {
namespace {

constexpr std::chrono::milliseconds kSweep{200};

std::uint64_t steady_ms() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count()) + 1;
}

// Where a listening socket really is.
std::string address_of(int descriptor) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&at), &size) != 0 ||
      ::getnameinfo(reinterpret_cast<const sockaddr*>(&at), size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return {};
  }
  return (at.ss_family == AF_INET6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + port;
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

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Result<Addresses> resolve(const std::string& address) {
  SCORIA_TRY(parts, split(address));
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(parts.first.c_str(), parts.second.c_str(), &wanted, &found); failed != 0) {
    return Error{Code::invalid, "listener '" + address + "' must be HOST:PORT, the host an address of this machine: " +
                                    ::gai_strerror(failed)};
  }
  return Addresses(found, ::freeaddrinfo);
}

Result<int> listen_on(const std::string& address) {
  SCORIA_TRY(found, resolve(address));
  Closer socket{::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (socket.descriptor < 0) return cannot_listen(address, errno);
  const int on = 1;
  ::setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.descriptor, found->ai_addr, found->ai_addrlen) != 0 || ::listen(socket.descriptor, 1024) != 0) {
    return cannot_listen(address, errno);
  }
  return socket.release();
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

Status check_listener(const std::string& address) {
  SCORIA_TRY_STATUS(resolve(address));
  return Ok{};
}

struct HttpServer::State {
  // A chain as a connection is one: it accepts, waits for more, or is paused for want of room.
  struct Listening final : EventLoop::Watcher, std::enable_shared_from_this<Listening> {
    Listening(State& owner, int listens, const Listener& given)
        : state(owner), config(given), address(address_of(listens)), descriptor(listens) {}
    ~Listening() override { close(); }

    void ready() noexcept override { state.accept(*this); }
    void close() {
      const std::lock_guard lock(mutex);
      if (descriptor < 0) return;
      if (watch != nullptr) state.shared->loop.remove(*watch);
      ::close(std::exchange(descriptor, -1));
    }

    State& state;
    const Listener config;
    const std::string address;
    std::mutex mutex;
    int descriptor;                     // guarded by mutex; -1: no longer listening
    EventLoop::Watch* watch = nullptr;  // guarded by mutex
    TlsContext tls;                     // guarded by mutex
    bool is_waiting = false;            // guarded by mutex; ready() is to come
  };

  State(HttpServerConfig config, HttpHandler& handler)
      : shared(std::make_shared<ServerShared>(std::move(config), handler)) {
    shared->resume_accepting = [this] { resume_accepting(); };
  }

  Status open() {
    SCORIA_TRY_STATUS(shared->loop.open());
    for (const Listener& wanted : shared->config.listeners) {
      TlsContext tls;
      if (wanted.tls) {
        SCORIA_TRY(made, server_tls(wanted.tls->certificate_chain, wanted.tls->private_key));
        tls = std::move(made);
      }
      SCORIA_TRY(descriptor, listen_on(wanted.address));
      auto added = std::make_shared<Listening>(*this, descriptor, wanted);
      added->tls = std::move(tls);
      added->watch = shared->loop.add(descriptor);
      if (added->watch == nullptr) return Error{Code::exhausted, "cannot wait for connections to " + added->address};
      listening.push_back(std::move(added));
    }
    return Ok{};
  }

  void serve() {
    shared->now_ms = steady_ms();
    shared->loop.set_tick(kSweep, [this] { sweep(); });
    for (const auto& listener : listening) accept_later(*listener, false);
    for (int i = 0; i < shared->config.threads; ++i) {
      threads.emplace_back([this] { shared->loop.run(); });
    }
  }

  // `may_have_more`: nobody has found out that nothing is there.
  void accept_later(Listening& listener, bool may_have_more) {
    const std::lock_guard lock(listener.mutex);
    if (listener.descriptor < 0 || std::exchange(listener.is_waiting, true)) return;
    if (may_have_more || shared->loop.wait(*listener.watch, EventLoop::Want::read, listener.shared_from_this())) {
      shared->loop.post(listener.shared_from_this());
    }
  }

  void accept(Listening& listener) noexcept {
    TlsContext tls;
    {
      const std::lock_guard lock(listener.mutex);
      listener.is_waiting = false;
      if (listener.descriptor < 0) return;
      tls = listener.tls;
    }
    try {
      if (accept_all(listener, tls)) accept_later(listener, false);
    } catch (const std::exception& thrown) {  // no memory: the sweep has it tried again
      shared->is_accepting_paused = true;
      log::error("http_server_failed", {{"why", thrown.what()}});
    }
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
        if (listener.descriptor < 0) return false;
        socket.descriptor = ::accept4(listener.descriptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      }
      if (socket.descriptor < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
        if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) continue;
        log::warn("http_accept_failed", {{"listener", listener.address}, {"why", std::strerror(errno)}});
        shared->is_accepting_paused = true;  // the sweep tries again
        return false;
      }
      begin(socket.release(), tls);
    }
  }

  void begin(int descriptor, const TlsContext& tls) {
    auto connection = std::make_shared<ServerConnection>(shared, descriptor, tls);
    if (!connection->is_watched()) {
      log::warn("http_accept_failed", {{"peer", connection->host()}, {"why", "the kernel has no room to wait for it"}});
      return;
    }
    const std::lock_guard lock(shared->connections_mutex);
    if (const std::uint32_t most = shared->config.max_connections_of_host; most > 0) {
      std::uint32_t& has = shared->of_hosts[connection->host()];
      // Not logged one by one: who asks for so many would fill the log, too.
      if (has >= most && !connection->is_loopback()) return;
      ++has;
    }
    connection->place = shared->connections.insert(shared->connections.end(), connection);
    connection->start();
  }

  bool is_full() {
    const std::lock_guard lock(shared->connections_mutex);
    return shared->connections.size() >= shared->config.max_connections;
  }

  void resume_accepting() {
    if (!shared->is_accepting_paused.exchange(false)) return;
    for (const auto& listener : listening) accept_later(*listener, true);
  }

  void sweep() {
    const std::uint64_t now = steady_ms();
    shared->now_ms = now;
    for_each([&](ServerConnection& connection) { return connection.sweep(now); });
    resume_accepting();
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
    for (const auto& listener : listening) listener->close();
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
    shared->loop.stop();
    threads.clear();  // joins
  }

  std::shared_ptr<ServerShared> shared;
  std::vector<std::shared_ptr<Listening>> listening;
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

std::string HttpServer::address(std::size_t listener) const { return state_->listening.at(listener)->address; }

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
