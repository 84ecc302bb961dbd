#include "net/http.h"

namespace scoria::net {
namespace {

class SendingTaker final : public ReplyTaker {
 public:
  explicit SendingTaker(std::function<void(HttpReply)> send) : send_(std::move(send)) {}
  void take(HttpReply&& reply) override { send_(std::move(reply)); }

 private:
  std::function<void(HttpReply)> send_;
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool is_same_name(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  if (left == right) return true;  // as nearly all are spelled
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (lower(left[i]) != lower(right[i])) return false;
  }
  return true;
}

std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) {
  for (const auto& [given, value] : headers) {
    if (is_same_name(given, name)) return value;
  }
  return std::nullopt;
}

Responder::Responder(std::function<void(HttpReply)> send) {
  if (send) to_ = std::make_shared<SendingTaker>(std::move(send));
}

}  // namespace scoria::net
