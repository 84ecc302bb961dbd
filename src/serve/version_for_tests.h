// A version that answers nothing, for tests of what stands around versions: they override what they look at. Test programs only.
#pragma once

#include <string>
#include <utility>

#include "serve/service_version.h"

namespace scoria::serve {

class VersionForTests : public ServiceVersion {
 public:
  explicit VersionForTests(std::string service = "boston", std::string version = "1", std::string sum = "0")
      : ServiceVersion(std::move(service), std::move(version)), sum_(std::move(sum)) {}
  const char* kind() const override { return "model"; }
  const std::string& sha256() const override { return sum_; }
  const model::Description& description() const override { return description_; }
  const Schema* schema() const override { return nullptr; }

 private:
  std::string sum_;
  model::Description description_;
};

}  // namespace scoria::serve
