#include "server/services.h"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/iso8601.h"
#include "base/log.h"
#include "net/http_client.h"
#include "net/sha256.h"
#include "serve/open_version.h"
#include "server/blob/access.h"
#include "server/documents.h"

namespace scoria::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 10'000;
constexpr std::uint64_t kMostBytes = 8ull << 30;  // of a file
constexpr double kAllRequests = 100;
constexpr std::chrono::seconds kClose{5};

Error no_service(const std::string& service) {
  return Error{Code::not_found, "there is no service '" + service.substr(0, 80) + "'"};
}

// Removed with its owner, unless it was renamed meanwhile.
struct Scratch {
  fs::path path;
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

// A thread's first function lets nothing through: what was thrown is the error of the one version or change that met it.
template <typename Work>
auto caught(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return Error{Code::unavailable, "the server is out of memory for this"};
  } catch (const std::exception& error) {
    return Error{Code::corrupt, std::string("the server failed at this: ") + error.what()};
  }
}

// Takes back what was placed, unless it became a version: also where that was thrown out of, or its place is not known to be on disk.
class Placing {
 public:
  // Precondition: there is no such version.
  Placing(const serve::ServiceFolder& folder, const std::string& service, const std::string& version)
      : folder_(folder), service_(service), version_(version) {}
  Placing(const Placing&) = delete;
  Placing& operator=(const Placing&) = delete;
  ~Placing() {
    try {
      if (!is_published_ && folder_.has(service_, version_)) folder_.withdraw(service_, version_);
    } catch (const std::exception& error) {
      // It is no version all the same, and goes at the next start.
      log::error("service_not_withdrawn", {{"service", service_}, {"version", version_}, {"error", error.what()}});
    }
  }
  void is_published() { is_published_ = true; }

 private:
  const serve::ServiceFolder& folder_;
  const std::string &service_, &version_;
  bool is_published_ = false;
};

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// Errors: denied: a file from elsewhere than where whoever may deploy the service has put it.
Status check_own_files(const std::string& service, const Json& files) {
  const std::string place = std::string(storage::kServicesContainer) + "/" + service + "/";
  for (const Json& file : files) {
    if (file.is_object() && text_at(file, "blob").starts_with(place) && text_at(file, "url").empty()) continue;
    return Error{Code::denied, "with a grant of service '" + service + "' alone, files are taken from blobs " + place +
                                   "... and from nowhere else"};
  }
  return Ok{};
}

Result<Json> write_texts(const std::vector<std::pair<std::string, std::string>>& texts, const fs::path& folder) {
  Json kept = Json::array();
  for (const auto& [name, content] : texts) {
    SCORIA_TRY_STATUS(serve::check_file_path(name));
    SCORIA_TRY_STATUS(write_file(folder / name, content));
    kept.push_back({{"path", name}, {"sha256", net::sha256(content)}, {"bytes", content.size()}});
  }
  return kept;
}

// Whether there is a folder in a service's; also where that cannot be told.
bool has_versions(const fs::path& service) {
  std::error_code error;
  fs::directory_iterator entry(service, error);
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
    if (entry->is_directory(error) || error) return true;
  }
  return static_cast<bool>(error);
}

Json version_json(const serve::Service& service, std::size_t at) {
  const serve::ServiceVersion& version = *service.versions[at];
  return {{"version", version.version()},
          {"weight", service.weights[at]},
          {"kind", version.kind()},
          {"title", version.description().title},
          {"description", version.about()},
          {"sha256", version.sha256()},
          {"requests", version.traffic().requests()}};
}

Json failed_json(const std::string& version, const std::string& why) {
  return {{"version", version}, {"weight", 0}, {"kind", "none"}, {"error", why}};
}

}  // namespace

Services::Services(fs::path path, serve::ServiceFolder folder, blob::BlobStore& blobs, Executor& executor,
                   const Clock& clock, access::Access* access, serve::Observer* observer)
    : path_(std::move(path)),
      folder_(std::move(folder)),
      blobs_(blobs),
      executor_(executor),
      clock_(clock),
      app_(catalog_, executor, {}, access, observer) {
  worker_.post([this] { load(); });
}

Result<std::unique_ptr<Services>> Services::open(const fs::path& folder, blob::BlobStore& blobs, Executor& executor,
                                                 const Clock& clock, access::Access* access,
                                                 serve::Observer* observer) {
  SCORIA_TRY(opened, serve::ServiceFolder::open(folder));
  return std::unique_ptr<Services>(new Services(folder, std::move(opened), blobs, executor, clock, access, observer));
}

void Services::load() {
  const Status all = caught([&]() -> Status {
    load_all();
    return Ok{};
  });
  if (!all.ok()) log::error("services_not_loaded", {{"why", all.error().message}});
  is_ready_ = true;
}

void Services::load_all() {
  std::set<std::string> names;
  std::vector<serve::UnreadVersion> unread;
  for (const serve::StoredVersion& stored : folder_.versions(unread)) {
    const std::string &service = stored.spec.service, &version = stored.spec.version;
    const Status loaded = caught([&]() -> Status {
      SCORIA_TRY(opened, serve::open_version(stored.spec));
      SCORIA_TRY_STATUS(serve::self_test(opened, stored.spec, executor_));
      catalog_.put(opened);
      names.insert(service);
      return Ok{};
    });
    if (!loaded.ok()) note_failed(service, version, loaded.error());
  }
  for (const auto& one : unread) note_failed(one.service, one.version, one.why);
  for (const auto& name : names) {
    serve::Weights weights = folder_.weights(name);
    const auto all = catalog_.services();
    std::erase_if(
        weights, [&](const auto& weight) { return serve::find_service(*all, name)->version(weight.first) == nullptr; });
    if (const Status set = catalog_.set_weights(name, weights); !weights.empty() && !set.ok())
      log::error("service_weights_not_loaded", {{"service", name}, {"why", set.error().message}});
  }
}

void Services::note_failed(const std::string& service, const std::string& version, const Error& why) {
  log::error("service_not_loaded", {{"service", service}, {"version", version}, {"why", why.message}});
  const std::lock_guard lock(failed_mutex_);
  failed_[{service, version}] = why.message;
}

Services::Failed Services::failed() const {
  const std::lock_guard lock(failed_mutex_);
  return failed_;
}

Status Services::copy_blob(const std::string& place, const fs::path& file) const {
  const std::size_t slash = place.find('/');
  if (slash == std::string::npos)
    return Error{Code::invalid, "\"blob\" is '" + place.substr(0, 200) + "', it must be container/name"};
  SCORIA_TRY(opened, blobs_.open_blob(place.substr(0, slash), place.substr(slash + 1)));
  SCORIA_TRY(target, AtomicFile::create(file));
  std::string piece(1u << 20, '\0');
  for (std::uint64_t at = 0; at < opened.properties.length;) {
    const std::uint64_t wanted = std::min<std::uint64_t>(piece.size(), opened.properties.length - at);
    const ssize_t got = ::pread(*opened.descriptor, piece.data(), wanted, static_cast<off_t>(opened.offset + at));
    if (got <= 0) return Error{Code::unavailable, "blob '" + place + "' cannot be read"};
    SCORIA_TRY_STATUS(target.write(std::string_view(piece.data(), static_cast<std::size_t>(got))));
    at += static_cast<std::uint64_t>(got);
  }
  return target.commit();
}

Result<Json> Services::fetch(const Json& files, const fs::path& folder) const {
  if (!files.is_array() || files.empty() || files.size() > kMostFiles)
    return Error{Code::invalid, "\"files\" must be a list of 1 to 10,000 {\"path\", \"blob\" or \"url\", \"sha256\"}"};
  net::HttpClient http({.max_body = kMostBytes});
  Json kept = Json::array();
  std::set<std::string> paths;
  for (const Json& file : files) {
    if (!file.is_object()) return Error{Code::invalid, "each of \"files\" must be an object"};
    const std::string path = text_at(file, "path"), blob = text_at(file, "blob"), url = text_at(file, "url");
    const std::string wanted = text_at(file, "sha256");
    SCORIA_TRY_STATUS(serve::check_file_path(path));
    if (!paths.insert(path).second) return Error{Code::invalid, "file '" + path + "' is there twice"};
    if (blob.empty() == url.empty()) return Error{Code::invalid, "file '" + path + "' needs a \"blob\" or a \"url\""};
    if (!is_sha256(wanted))
      return Error{Code::invalid, "file '" + path + "' needs its \"sha256\": 64 hexadecimal digits"};
    std::error_code error;
    fs::create_directories((folder / path).parent_path(), error);
    if (error) return Error{Code::unavailable, "cannot make the folder of '" + path + "': " + error.message()};
    if (!blob.empty()) {
      SCORIA_TRY_STATUS(copy_blob(blob, folder / path));
    } else {
      SCORIA_TRY(body, http.get(url));
      SCORIA_TRY_STATUS(write_file(folder / path, body));
    }
    SCORIA_TRY(sum, net::sha256_of_file(folder / path));
    if (sum != wanted) {
      return Error{Code::invalid, "file '" + path + "' has the SHA-256 " + sum + ", not " + wanted +
                                      ": it is not what was to be deployed"};
    }
    kept.push_back({{"path", path}, {"sha256", sum}, {"bytes", fs::file_size(folder / path, error)}});
  }
  return kept;
}

Status Services::weigh(const std::string& service, const serve::Weights& weights) {
  // On disk first: what was told to be so is so after a restart. What the catalog would refuse must not get there.
  const auto all = catalog_.services();
  const serve::Service* found = serve::find_service(*all, service);
  if (found == nullptr) return no_service(service);
  serve::Catalog trial;
  for (const auto& version : found->versions) trial.put(version);
  SCORIA_TRY_STATUS(trial.set_weights(service, weights));
  SCORIA_TRY_STATUS(folder_.set_weights(service, weights));
  return catalog_.set_weights(service, weights);
}

// Opened and tried where its files will stay, so that it is warm when requests come; what cannot answer does not become a version.
Result<serve::ServiceVersionPtr> Services::open_and_store(const fs::path& scratch, const std::string& service,
                                                          const std::string& version, const Json& manifest) {
  Placing placing(folder_, service, version);
  SCORIA_TRY(folder, folder_.place(scratch, service, version));
  SCORIA_TRY(spec, serve::read_manifest(manifest, folder));
  spec.service = service;
  spec.version = version;
  SCORIA_TRY(opened, serve::open_version(spec));
  SCORIA_TRY_STATUS(serve::self_test(opened, spec, executor_));
  SCORIA_TRY_STATUS(folder_.publish(service, version, manifest));
  placing.is_published();
  return serve::ServiceVersionPtr(opened);
}

Result<Json> Services::deploy_now(const Deployment& deployment) {
  const auto& [service, version, request, is_by_grant, texts] = deployment;
  if (folder_.has(service, version)) {
    return Error{Code::conflict, "service '" + service + "' has a version '" + version +
                                     "' already: versions do not change; deploy under another name"};
  }
  const Json weight = request.value("weight", Json(kAllRequests));
  if (!weight.is_number() || weight.get<double>() < 0 || weight.get<double>() > kAllRequests)
    return Error{Code::invalid, "\"weight\" must be from 0 to 100: the share of requests in percent"};
  if (is_by_grant) SCORIA_TRY_STATUS(check_own_files(service, request.value("files", Json())));
  SCORIA_TRY(path, folder_.begin());
  const Scratch scratch{path};
  SCORIA_TRY(files,
             texts.empty() ? fetch(request.value("files", Json()), scratch.path) : write_texts(texts, scratch.path));
  if (is_by_grant) {
    SCORIA_TRY(spec, serve::read_manifest(request, scratch.path));
    if (serve::uses_server_files(spec)) {
      return Error{Code::denied,
                   "a script is R or Python that runs as the server's own user, and a plan reads files that it names: "
                   "deploying one takes the role contributor or owner, not a grant of one service"};
    }
  }
  Json manifest = request;
  manifest["files"] = std::move(files);
  manifest["deployed"] = format_time(clock_.now().wall);
  SCORIA_TRY(opened, open_and_store(scratch.path, service, version, manifest));
  catalog_.put(opened);
  serve::Weights weights{{version, weight.get<double>()}};
  const auto all = catalog_.services();
  const serve::Service* now = serve::find_service(*all, service);
  double others = 0;
  for (std::size_t i = 0; i < now->versions.size(); ++i) {
    if (now->versions[i]->version() != version) others += now->weights[i];
  }
  for (std::size_t i = 0; i < now->versions.size() && others > 0; ++i) {
    const double share = now->weights[i] * (kAllRequests - weight.get<double>()) / others;
    if (now->versions[i]->version() != version && share > 0) weights[now->versions[i]->version()] = share;
  }
  if (others == 0) weights[version] = kAllRequests;  // there is nobody else to answer
  std::erase_if(weights, [](const auto& one) { return one.second == 0; });
  SCORIA_TRY_STATUS(weigh(service, weights));
  log::info("service_deployed", {{"service", service}, {"version", version}, {"sha256", opened->sha256()}});
  return show(service);
}

void Services::post(Done done, std::function<Result<Json>()> change) {
  worker_.post([done = std::move(done), change = std::move(change)] {
    const Status told = caught([&]() -> Status {
      done(caught(change));
      return Ok{};
    });
    if (!told.ok()) log::error("service_change_not_answered", {{"error", told.error().message}});
  });
}

void Services::deploy(Deployment deployment, Done done) {
  post(std::move(done), [this, deployment = std::move(deployment)] { return deploy_now(deployment); });
}

void Services::set_weights(std::string service, serve::Weights weights, Done done) {
  post(std::move(done),
       [this, service = std::move(service), weights = std::move(weights)] { return weigh_now(service, weights); });
}

void Services::roll_back(std::string service, Done done) {
  post(std::move(done), [this, service = std::move(service)]() -> Result<Json> {
    SCORIA_TRY(before, folder_.before(service));
    return weigh_now(service, before);
  });
}

void Services::remove(std::string service, std::string version, Done done) {
  post(std::move(done),
       [this, service = std::move(service), version = std::move(version)] { return remove_now(service, version); });
}

Result<Json> Services::weigh_now(const std::string& service, const serve::Weights& weights) {
  SCORIA_TRY_STATUS(weigh(service, weights));
  return show(service);
}

Result<Json> Services::remove_now(const std::string& service, const std::string& version) {
  // Of the catalog first, which knows whether it may go. Requests that run keep it.
  const Status gone = version.empty() ? catalog_.remove(service) : catalog_.remove(service, version);
  const bool is_stored = folder_.has(service, version);
  // One that failed to load is in the folder alone.
  if (!gone.ok() && !(gone.error().code == Code::not_found && is_stored)) return gone.error();
  if (is_stored) SCORIA_TRY_STATUS(version.empty() ? folder_.remove(service) : folder_.remove(service, version));
  {
    const std::lock_guard lock(failed_mutex_);
    std::erase_if(failed_, [&](const auto& one) {
      return one.first.first == service && (version.empty() || one.first.second == version);
    });
  }
  // With its last version its weights go, too. Which that is the disk knows: the catalog does not have those that failed to load.
  if (!version.empty() && folder_.has(service, "") && !has_versions(path_ / service))
    SCORIA_TRY_STATUS(folder_.remove(service));
  return Json();
}

void Services::close() {
  if (!catalog_.close(kClose)) log::error("services_not_closed", {});
}

Result<Json> Services::show(const std::string& service) const {
  const auto all = catalog_.services();
  const serve::Service* found = service.empty() ? nullptr : serve::find_service(*all, service);
  Json versions = Json::array();
  for (std::size_t i = 0; found != nullptr && i < found->versions.size(); ++i) {
    Json one = version_json(*found, i);
    const auto stored = folder_.version(service, found->versions[i]->version());
    if (stored.ok()) one["deployed"] = stored.value().manifest.value("deployed", "");
    if (stored.ok()) one["files"] = stored.value().manifest.value("files", Json::array());
    versions.push_back(std::move(one));
  }
  for (const auto& [place, why] : failed()) {
    if (place.first == service) versions.push_back(failed_json(place.second, why));
  }
  if (versions.empty()) return no_service(service);
  return Json{{"name", service}, {"versions", std::move(versions)}};
}

bool Services::is_stored(const std::string& service) const { return folder_.has(service, ""); }

Json Services::list(const std::function<bool(const std::string& service)>& may_see) const {
  Json value = Json::array();
  const auto add = [&value](const std::string& service, Json one) {
    one["name"] = service;
    value.push_back(std::move(one));
  };
  const auto all = catalog_.services();
  for (const serve::Service& service : *all) {
    if (!may_see(service.name)) continue;
    for (std::size_t i = 0; i < service.versions.size(); ++i) add(service.name, version_json(service, i));
  }
  for (const auto& [place, why] : failed()) {
    if (may_see(place.first)) add(place.first, failed_json(place.second, why));
  }
  return Json{{"value", std::move(value)}};
}

}  // namespace scoria::server
