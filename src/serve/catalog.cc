#include "serve/catalog.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

namespace scoria::serve {
namespace {

// In [0, 1), each thread by itself: choosing a version must cost requests nothing.
double draw() {
  thread_local std::minstd_rand generator(std::random_device{}());
  constexpr auto kLeast = static_cast<double>(std::minstd_rand::min());
  constexpr double kRange = static_cast<double>(std::minstd_rand::max()) - kLeast + 1;
  return (static_cast<double>(generator()) - kLeast) / kRange;
}

Error no_service(std::string_view name) {
  return Error{Code::not_found, "there is no service '" + std::string(name.substr(0, 80)) + "'"};
}

Error no_version(const Service& service, std::string_view name) {
  std::string there;
  for (const auto& version : service.versions) there += (there.empty() ? "" : ", ") + version->version();
  return Error{Code::not_found,
               "service '" + service.name + "' has no version '" + std::string(name.substr(0, 80)) + "', but " + there};
}

std::size_t position(const Service& service, std::string_view version) {
  const auto found = std::find_if(service.versions.begin(), service.versions.end(),
                                  [&](const auto& one) { return one->version() == version; });
  return static_cast<std::size_t>(found - service.versions.begin());
}

}  // namespace

ServiceVersionPtr Service::version(std::string_view wanted) const {
  const std::size_t at = position(*this, wanted);
  return at == versions.size() ? nullptr : versions[at];
}

ServiceVersionPtr Service::choose(double at) const {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  double left = at * sum;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (weights[i] > 0 && left < weights[i]) return versions[i];
    left -= weights[i];
  }
  // Rounding may leave a little.
  for (std::size_t i = versions.size(); i-- > 0;) {
    if (weights[i] > 0) return versions[i];
  }
  return nullptr;
}

const ServiceVersionPtr& Service::main() const {
  return versions[static_cast<std::size_t>(std::max_element(weights.begin(), weights.end()) - weights.begin())];
}

const Service* find_service(const Catalog::Services& services, std::string_view name) {
  if (name.empty()) return services.empty() ? nullptr : &services.front();
  const auto found =
      std::find_if(services.begin(), services.end(), [&](const Service& service) { return service.name == name; });
  return found == services.end() ? nullptr : &*found;
}

std::shared_ptr<const Catalog::Services> Catalog::services() const {
  const std::lock_guard lock(mutex_);
  return services_;
}

ServiceVersionPtr Catalog::find(std::string_view service, std::string_view version) const {
  const auto all = services();
  const Service* found = find_service(*all, service);
  if (found == nullptr) return nullptr;
  if (!version.empty()) return found->version(version);
  return found->versions.size() == 1 ? found->versions.front() : found->choose(draw());
}

template <typename Change>
Status Catalog::change(std::string_view service, Change change) {
  const std::lock_guard lock(mutex_);
  auto changed = std::make_shared<Services>(*services_);
  const auto found =
      std::find_if(changed->begin(), changed->end(), [&](const Service& one) { return one.name == service; });
  if (found == changed->end()) return no_service(service);
  SCORIA_TRY_STATUS(change(*found));
  if (found->versions.empty()) changed->erase(found);
  publish(std::move(changed));
  return Ok{};
}

// Under the mutex. What is there no more is kept by `retired_` before anybody else can be the last to hold it.
void Catalog::publish(std::shared_ptr<const Services> changed) {
  std::set<const ServiceVersion*> kept;
  for (const Service& service : *changed) {
    for (const auto& version : service.versions) kept.insert(version.get());
  }
  for (const Service& service : *services_) {
    for (const auto& version : service.versions) {
      if (!kept.contains(version.get())) retired_.add(version);
    }
  }
  services_ = std::move(changed);
}

bool Catalog::close(std::chrono::milliseconds patience) {
  {
    const std::lock_guard lock(mutex_);
    publish(std::make_shared<const Services>());
  }
  return retired_.stop(patience);
}

void Catalog::put(const ServiceVersionPtr& version) {
  const std::lock_guard lock(mutex_);
  auto changed = std::make_shared<Services>(*services_);
  auto found = std::find_if(changed->begin(), changed->end(),
                            [&](const Service& one) { return one.name == version->service(); });
  if (found == changed->end()) {
    changed->push_back({.name = version->service(), .versions = {version}, .weights = {100}});
  } else if (const std::size_t at = position(*found, version->version()); at < found->versions.size()) {
    found->versions[at] = version;
  } else {
    found->versions.push_back(version);
    found->weights.push_back(0);
  }
  publish(std::move(changed));
}

Status Catalog::set_weights(std::string_view service, const std::map<std::string, double>& weights) {
  return change(service, [&](Service& changed) -> Status {
    std::vector<double> values(changed.versions.size());
    double sum = 0;
    for (const auto& [name, weight] : weights) {
      const std::size_t at = position(changed, name);
      if (at == values.size()) return no_version(changed, name);
      if (!std::isfinite(weight) || weight < 0 || weight > 1e6) {
        return Error{Code::invalid, "the weight of version '" + name + "' must be a number from 0 to 1,000,000"};
      }
      values[at] = weight;
      sum += weight;
    }
    if (sum <= 0) return Error{Code::invalid, "one version of service '" + changed.name + "' must have a weight"};
    changed.weights = std::move(values);
    return Ok{};
  });
}

Status Catalog::remove(std::string_view service, std::string_view version) {
  return change(service, [&](Service& changed) -> Status {
    const std::size_t at = position(changed, version);
    if (at == changed.versions.size()) return no_version(changed, version);
    if (changed.weights[at] > 0 && changed.versions.size() > 1) {
      return Error{Code::conflict, "version '" + std::string(version) + "' of service '" + changed.name +
                                       "' gets requests: give its weight to another one first"};
    }
    changed.versions.erase(changed.versions.begin() + static_cast<std::ptrdiff_t>(at));
    changed.weights.erase(changed.weights.begin() + static_cast<std::ptrdiff_t>(at));
    return Ok{};
  });
}

Status Catalog::remove(std::string_view service) {
  return change(service, [](Service& changed) -> Status {
    changed.versions.clear();
    return Ok{};
  });
}

}  // namespace scoria::serve
