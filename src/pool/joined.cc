#include "pool/joined.h"

namespace scoria::pool {

Status JoinedProvider::request(const NodeRequest& request) {
  return Error{Code::denied, "pool '" + request.pool + "' has the machines that join it: run `scoria node` on one"};
}

void JoinedProvider::release(const std::string&, const std::string&) {}  // it leaves when it next asks for orders

}  // namespace scoria::pool
