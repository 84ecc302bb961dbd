// What was asked and what was answered, of some requests: to look at later, to train on, to find out about drift. A line of JSON each:
//
//   {"time":"...","request_id":"...","service":"boston","version":"1","sha256":"9f...","rows":1,"inputs":{"crim":[0.006],"name":["***"]},
//    "predictions":{"predict":[25.6]}}
//
// Columns, as MLflow's and pandas' `dict(list)` have them: pandas.DataFrame(line["inputs"]). Missing values are null; NaN and infinities are texts.
// Columns that are to be masked hold "***" where they have a value. Threads: any. Owns: its file.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "serve/log_file.h"
#include "table/table.h"

namespace scoria::serve {

// Of one request; borrowed for the length of a call.
struct ObservedContext {
  std::string_view request_id, service, version, sha256;
};

// Chooses requests at random.
class Sampler {
 public:
  // `rate`: 0 none, 1 all.
  explicit Sampler(double rate);
  bool takes() const;  // a few nanoseconds

 private:
  std::uint64_t below_;  // of 2^64
};

struct PayloadLogOptions {
  LogFileOptions file;
  std::set<std::string, std::less<>> masked;  // columns of inputs
  std::size_t most_rows = 100;                // of a request; "rows" still says how many it had
};

class PayloadLog {
 public:
  // Errors: LogFile's.
  static Result<std::unique_ptr<PayloadLog>> open(PayloadLogOptions options);

  void observe(const table::Table& rows, const table::Table& predictions, const ObservedContext& context);
  void reopen() { file_->reopen(); }
  void flush() { file_->flush(); }
  std::uint64_t dropped() const { return file_->dropped(); }

 private:
  PayloadLog(PayloadLogOptions options, std::unique_ptr<LogFile> file)
      : options_(std::move(options)), file_(std::move(file)) {}
  void append_columns(std::string& line, const table::Table& table, bool is_input) const;

  const PayloadLogOptions options_;
  std::unique_ptr<LogFile> file_;
};

}  // namespace scoria::serve
