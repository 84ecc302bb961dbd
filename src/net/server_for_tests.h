// A server that answers each connection with the bytes that a test gives, whatever they are. Test programs only.
// Threads: serves in a thread of its own until it is destroyed.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "net/asio.h"

namespace scoria::net {

class ServerForTests {
 public:
  // Given the text of a request's head, what to send. Replies of one connection follow each other until one has
  // "Connection: close" or is empty, which closes the connection at once.
  using Answer = std::function<std::string(const std::string& request)>;

  explicit ServerForTests(Answer answer)
      : answer_(std::move(answer)), acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}) {
    thread_ = std::thread([this] { serve(); });
  }
  ~ServerForTests() {
    is_stopping_ = true;
    // A last connection wakes the thread that waits for one.
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    boost::system::error_code ignored;
    socket.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  ServerForTests(const ServerForTests&) = delete;
  ServerForTests& operator=(const ServerForTests&) = delete;

  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
  }
  int connections() const { return connections_; }
  int requests() const { return requests_; }

 private:
  void serve() {
    for (;;) {
      boost::system::error_code error;
      boost::asio::ip::tcp::socket socket(context_);
      acceptor_.accept(socket, error);
      if (is_stopping_ || error) return;
      ++connections_;
      std::string request;
      for (;;) {
        const std::size_t size =
            boost::asio::read_until(socket, boost::asio::dynamic_buffer(request), "\r\n\r\n", error);
        if (error) break;
        ++requests_;
        const std::string reply = answer_(request.substr(0, size));
        request.erase(0, size);
        boost::asio::write(socket, boost::asio::buffer(reply), error);
        if (error || reply.empty() || reply.find("Connection: close") != std::string::npos) break;
      }
    }
  }

  Answer answer_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::atomic<int> requests_ = 0;
  std::thread thread_;
};

}  // namespace scoria::net
