#include "serve/traffic.h"

#include <algorithm>
#include <cstdio>

namespace scoria::serve {
namespace {

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

std::string number(double value) {
  char text[32];
  (void)snprintf(text, sizeof text, "%.9g", value);
  return text;
}

}  // namespace

std::string_view protocol_name(Protocol protocol) {
  switch (protocol) {
    case Protocol::plumber: return "plumber";
    case Protocol::ml_server: return "ml_server";
    case Protocol::inference: return "inference_v2";
    case Protocol::invocations: return "invocations";
    default: return "other";
  }
}

std::size_t Traffic::code_index(int status) {
  return static_cast<std::size_t>(std::find(kCodes.begin(), kCodes.end(), status) - kCodes.begin());
}

void Traffic::end(Protocol protocol, int status, std::size_t rows, double seconds) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  answers_[static_cast<std::size_t>(protocol)][code_index(status)].fetch_add(1, kRelaxed);
  rows_.fetch_add(rows, kRelaxed);
  nanoseconds_.fetch_add(static_cast<std::uint64_t>(seconds * 1e9), kRelaxed);
  const auto bucket =
      static_cast<std::size_t>(std::lower_bound(kBounds.begin(), kBounds.end(), seconds) - kBounds.begin());
  durations_[bucket].fetch_add(1, kRelaxed);
  inflight_.fetch_sub(1, kRelaxed);
}

std::uint64_t Traffic::requests() const {
  std::uint64_t sum = 0;
  for (const auto& bucket : durations_) sum += bucket.load(std::memory_order_relaxed);
  return sum;
}

std::string metric_labels(std::string_view service, std::string_view version, const std::string& more) {
  std::string text = "{service=\"";
  append_escaped(text, service);
  text += "\",version=\"";
  append_escaped(text, version);
  return text + "\"" + (more.empty() ? "" : ",") + more + "}";
}

std::string metric_label(std::string_view name, std::string_view value) {
  std::string text(name);
  text += "=\"";
  append_escaped(text, value);
  return text + "\"";
}

class TrafficText {
 public:
  explicit TrafficText(const std::vector<NamedTraffic>& all) : all_(all) {}

  std::string text() {
    begin("serve_requests_total", "counter", "Requests answered, by service, version, protocol and status.");
    for (const auto& one : all_) append_answers(one);
    begin("serve_request_duration_seconds", "histogram", "From a request's last byte to its answer.");
    for (const auto& one : all_) append_durations(one);
    begin("serve_rows_total", "counter", "Rows scored.");
    for (const auto& one : all_) append(one, "", "", std::to_string(one.traffic->rows_.load()));
    begin("serve_inflight", "gauge", "Requests being answered.");
    for (const auto& one : all_) append(one, "", "", std::to_string(one.traffic->inflight_.load()));
    return std::move(text_);
  }

 private:
  void begin(const char* family, const char* type, const char* help) {
    family_ = family;
    text_ += "# HELP " + family_ + " " + help + "\n# TYPE " + family_ + " " + type + "\n";
  }

  void append(const NamedTraffic& one, const char* suffix, const std::string& more, const std::string& value) {
    text_ += family_ + suffix + metric_labels(one.service, one.version, more) + " " + value + "\n";
  }

  void append_answers(const NamedTraffic& one) {
    const auto& answers = one.traffic->answers_;
    for (std::size_t p = 0; p < answers.size(); ++p) {
      for (std::size_t c = 0; c < answers[p].size(); ++c) {
        const auto count = answers[p][c].load(std::memory_order_relaxed);
        if (count == 0) continue;
        const std::string code = c < Traffic::kCodes.size() ? std::to_string(Traffic::kCodes[c]) : "other";
        append(one, "",
               "protocol=\"" + std::string(protocol_name(static_cast<Protocol>(p))) + "\",code=\"" + code + "\"",
               std::to_string(count));
      }
    }
  }

  void append_durations(const NamedTraffic& one) {
    const Traffic& traffic = *one.traffic;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < traffic.durations_.size(); ++i) {
      sum += traffic.durations_[i].load(std::memory_order_relaxed);
      const std::string bound = i < Traffic::kBounds.size() ? number(Traffic::kBounds[i]) : "+Inf";
      append(one, "_bucket", "le=\"" + bound + "\"", std::to_string(sum));
    }
    append(one, "_sum", "", number(static_cast<double>(traffic.nanoseconds_.load()) / 1e9));
    append(one, "_count", "", std::to_string(sum));
  }

  const std::vector<NamedTraffic>& all_;
  std::string family_, text_;
};

std::string traffic_metrics(const std::vector<NamedTraffic>& all) { return TrafficText(all).text(); }

}  // namespace scoria::serve
