#include "serve/payload_log.h"

#include <algorithm>
#include <random>

#include "serve/access_log.h"
#include "serve/answer.h"

namespace scoria::serve {
Sampler::Sampler(double rate)
    : below_(rate >= 1 ? ~std::uint64_t{0} : static_cast<std::uint64_t>(std::max(rate, 0.0) * 0x1p64)) {}

bool Sampler::takes() const {
  if (below_ == 0 || below_ == ~std::uint64_t{0}) return below_ != 0;
  // Not for secrets: xorshift64*, one state a thread.
  thread_local std::uint64_t state = (std::uint64_t{std::random_device()()} << 32 | std::random_device()()) | 1;
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545F4914F6CDD1Dull < below_;
}

Result<std::unique_ptr<PayloadLog>> PayloadLog::open(PayloadLogOptions options) {
  SCORIA_TRY(file, LogFile::open(options.file));
  return std::unique_ptr<PayloadLog>(new PayloadLog(std::move(options), std::move(file)));
}

void PayloadLog::append_columns(std::string& line, const table::Table& table, bool is_input) const {
  const std::size_t rows = std::min(table.rows(), options_.most_rows);
  line += '{';
  for (std::size_t i = 0; i < table.columns(); ++i) {
    const std::string& name = table.names()[i];
    const bool is_masked = is_input && options_.masked.contains(name);
    if (i > 0) line += ',';
    append_text(line, name);
    line += ":[";
    for (std::size_t row = 0; row < rows; ++row) {
      if (row > 0) line += ',';
      if (table.column(i)->is_null(row)) {
        line += "null";
      } else if (is_masked) {
        line += "\"***\"";
      } else {
        (void)append_value(line, *table.column(i), row, NoNumber::text);  // which has a text for every number
      }
    }
    line += ']';
  }
  line += '}';
}

void PayloadLog::observe(const table::Table& rows, const table::Table& predictions, const ObservedContext& context) {
  std::string line = "{\"time\":\"";
  const auto time = time_now();
  line.append(time.data(), time.size());
  line += '"';
  for (const auto& [name, value] : {std::pair("request_id", context.request_id), std::pair("service", context.service),
                                    std::pair("version", context.version), std::pair("sha256", context.sha256)}) {
    line.append(",\"").append(name).append("\":");
    append_text(line, value);
  }
  line += ",\"rows\":" + std::to_string(rows.rows()) + ",\"inputs\":";
  append_columns(line, rows, true);
  line += ",\"predictions\":";
  append_columns(line, predictions, false);
  line += "}\n";
  file_->add(line);
}

}  // namespace scoria::serve
