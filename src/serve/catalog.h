// What is served: services by name, each with its versions side by side and the share of requests that each of these gets.
// Threads: any number look while one changes; who looks sees the whole of a change or nothing of it. Owns: the versions, and is the last to hold each.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "serve/retired_versions.h"
#include "serve/service_version.h"

namespace scoria::serve {

struct Service {
  std::string name;
  std::vector<ServiceVersionPtr> versions;  // oldest first
  std::vector<double> weights;              // of each; what they add up to is all requests

  ServiceVersionPtr version(std::string_view name) const;  // null: there is none
  // By weight; `at` is in [0, 1). Null: no version has a weight.
  ServiceVersionPtr choose(double at) const;
  // The one of the largest weight, for documents.
  const ServiceVersionPtr& main() const;
};

class Catalog {
 public:
  using Services = std::vector<Service>;  // in the order of their coming; the first answers paths without a name
  std::shared_ptr<const Services> services() const;

  // Null: no such service, no such version. Without a service's name: the first; without a version's: by weight.
  ServiceVersionPtr find(std::string_view service, std::string_view version) const;

  // Beside its service's other versions, in the place of one of its name, whose weight it keeps; a new one gets none, but the first of a service, which
  // gets all.
  void put(const ServiceVersionPtr& version);
  // By the versions' names; others get none. Errors: not_found; invalid: negative, not finite, or none above 0.
  Status set_weights(std::string_view service, const std::map<std::string, double>& weights);
  // Errors: not_found; conflict: it has a weight while others stand beside it.
  Status remove(std::string_view service, std::string_view version);
  Status remove(std::string_view service);

  // Takes all out, ends what runs and waits until no request holds any: then what their answers use may go. False: one is held after `patience`.
  bool close(std::chrono::milliseconds patience);

 private:
  template <typename Change>
  Status change(std::string_view service, Change change);
  void publish(std::shared_ptr<const Services> changed);

  mutable std::mutex mutex_;  // for changes, and for the pointer
  std::shared_ptr<const Services> services_ = std::make_shared<const Services>();
  RetiredVersions retired_;
};

// Null: there is none.
const Service* find_service(const Catalog::Services& services, std::string_view name);

}  // namespace scoria::serve
