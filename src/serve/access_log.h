// A line of JSON for each request: who asked which service, and what became of it. Neither bodies nor headers, nor what stands behind `?`.
//
//   {"time":"2026-11-30T05:12:07.123456Z","request_id":"5f0c...","peer":"127.0.0.1:40312","user":"ann","service":"boston","version":"1",
//    "protocol":"plumber","method":"POST","path":"/score","status":200,"rows":1,"bytes":20,"micros":12}
//
// Members without a value are left out. Threads: any. Owns: its file.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/http.h"
#include "serve/log_file.h"

namespace scoria::serve {

// Borrows all texts, for the length of the call.
struct AccessRecord {
  std::string_view request_id, peer, user, service, version, protocol, method;
  std::string_view target;  // the path of it is logged
  int status = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // of the answer's body
  std::uint64_t micros = 0;
};

class AccessLog {
 public:
  // Errors: LogFile's.
  static Result<std::unique_ptr<AccessLog>> open(LogFileOptions options);

  void add(const AccessRecord& record);
  void reopen() { file_->reopen(); }
  void flush() { file_->flush(); }
  std::uint64_t dropped() const { return file_->dropped(); }

 private:
  explicit AccessLog(std::unique_ptr<LogFile> file) : file_(std::move(file)) {}
  std::unique_ptr<LogFile> file_;
};

// The client's own X-Request-Id where that has 1 to 64 letters, digits, - _ and ., else a new one: 32 hexadecimal digits that no other request of this
// or another process has.
std::string request_id(const net::HttpRequest& request);

// "2026-11-30T05:12:07.123456Z": now.
std::array<char, 27> time_now();

}  // namespace scoria::serve
