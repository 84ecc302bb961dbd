#include "cli/client/connection.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "auth/sas.h"
#include "auth/tokens.h"
#include "base/file.h"
#include "base/iso8601.h"
#include "cli/client/blob_list.h"
#include "net/url.h"

namespace scoria::cli {
namespace {

constexpr const char* kApiVersion = "2022-10-01.16.0";
constexpr const char* kBlobVersion = "2021-12-02";
constexpr std::uint64_t kBlockBytes = 32ull << 20;
constexpr std::size_t kPage = 1000;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string target_of(std::string_view path, const Query& query) {
  std::string target(path);
  char separator = target.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : query) {
    target += separator + name + "=" + net::percent_encode(value);
    separator = '&';
  }
  return target;
}

// What an error's body says: JSON of the batch API, XML of the blob API.
Error refused(std::string_view method, std::string_view path, const net::ClientReply& reply) {
  std::string code;
  std::string words;
  const Json body = Json::parse(reply.body, nullptr, /*allow_exceptions=*/false);
  if (body.is_object()) {
    code = body.value("code", "");
    if (body.contains("message") && body["message"].is_object()) words = body["message"].value("value", "");
    words = words.substr(0, words.find("\nRequestId"));
    for (const Json& value : body.value("values", Json::array())) {
      words += " (" + value.value("key", "") + ": " + value.value("value", "") + ")";
    }
  } else {
    code = std::string(reply.header("x-ms-error-code").value_or(""));
    words = text_of_element(reply.body, "Message");
    words = words.substr(0, words.find('\n'));
  }
  if (words.empty()) {
    words = std::string(method) + " " + std::string(path.substr(0, path.find('?'))) + " was answered with status " +
            std::to_string(reply.status);
  }
  const Code kind = reply.status == 404   ? Code::not_found
                    : reply.status == 403 ? Code::denied
                    : reply.status == 409 ? Code::conflict
                    : reply.status >= 500 ? Code::unavailable
                                          : Code::invalid;
  return Error{kind, (code.empty() ? "" : code + ": ") + words, code};
}

Result<Json> read_json_file(const std::filesystem::path& file, std::string_view what) {
  auto bytes = FileBytes::open(file);
  if (!bytes.ok()) return with_context(what, std::move(bytes).error());
  Json json = Json::parse(bytes.value().text(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Error{Code::corrupt, std::string(what) + ": '" + file.string() + "' is no JSON object"};
  return json;
}

// Writes what arrives to a file that appears when all is there.
class FileSink final : public net::BodySink {
 public:
  explicit FileSink(AtomicFile file) : file_(std::move(file)) {}
  Status write(std::span<const std::byte> bytes) override {
    return file_.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  Status commit() { return file_.commit(); }

 private:
  AtomicFile file_;
};

struct Place {
  std::string url, blob_url, ca_file;
  auth::AccountKey account;
  std::string token = {};  // of a user: instead of the account's key
};

Result<Place> from_profile(const std::string& profile) {
  std::filesystem::path file = profile;
  if (profile.find('/') == std::string::npos) {
    std::string config = variable("XDG_CONFIG_HOME");
    if (config.empty()) config = variable("HOME") + "/.config";
    file = std::filesystem::path(config) / "scoria" / "profiles" / (profile + ".json");
  }
  SCORIA_TRY(json, read_json_file(file, "profile '" + profile + "'"));
  SCORIA_TRY(key, auth::from_base64(json.value("accountKey", "")));
  return Place{json.value("batchUrl", ""),
               json.value("blobUrl", ""),
               json.value("caFile", ""),
               {json.value("accountName", ""), key}};
}

Result<Place> from_folder(const std::filesystem::path& folder) {
  auto account = auth::read_account(folder);
  if (!account.ok()) {
    if (account.error().code != Code::not_found) return std::move(account).error();
    return Error{Code::not_found, "there is no server's data in '" + folder.string() +
                                      "': start one with `scoria server`, or say which with --server URL, --profile "
                                      "NAME or --data DIR"};
  }
  auto running = read_json_file(folder / "server.json", "server");
  if (!running.ok()) {
    return Error{Code::not_found, "no server has run on '" + folder.string() +
                                      "' yet: start it with `scoria server --data " + folder.string() + "`"};
  }
  const std::string http = running.value().value("httpUrl", "");
  return Place{http.empty() ? running.value().value("httpsUrl", "") : http, running.value().value("blobUrl", ""),
               running.value().value("ca_file", ""), account.value()};
}

Result<Place> from_url(const std::string& url) {
  const std::string key_text = variable("SCORIA_KEY");
  const std::string name = variable("SCORIA_ACCOUNT");
  if (const std::string token = variable("SCORIA_TOKEN"); !token.empty()) {
    if (token.find_first_of("\r\n ") != std::string::npos)
      return Error{Code::invalid, "SCORIA_TOKEN must be one key (sck_...) or token, and nothing else"};
    return Place{url, "", variable("SCORIA_CA_FILE"), {name.empty() ? "scoria" : name, ""}, token};
  }
  if (key_text.empty() || name.empty()) {
    return Error{Code::invalid,
                 "server '" + url +
                     "': it is not known who asks: set SCORIA_TOKEN (a user's key or token), or SCORIA_ACCOUNT and "
                     "SCORIA_KEY, or use --profile"};
  }
  auto key = auth::from_base64(key_text);
  if (!key.ok()) return Error{Code::invalid, "SCORIA_KEY is not base64"};
  return Place{url, "", variable("SCORIA_CA_FILE"), {name, std::move(key).value()}};
}

Result<Place> find_place(const ServerChoice& choice) {
  if (!choice.server.empty()) return from_url(choice.server);
  if (!choice.profile.empty()) return from_profile(choice.profile);
  if (!choice.data.empty()) return from_folder(choice.data);
  if (const std::string url = variable("SCORIA_SERVER"); !url.empty()) return from_url(url);
  if (const std::string profile = variable("SCORIA_PROFILE"); !profile.empty()) return from_profile(profile);
  if (const std::string data = variable("SCORIA_DATA"); !data.empty()) return from_folder(data);
  return from_folder(default_data_folder());
}

}  // namespace

std::filesystem::path default_data_folder() {
  std::string base = variable("XDG_DATA_HOME");
  if (base.empty()) base = variable("HOME") + "/.local/share";
  return std::filesystem::path(base) / "scoria";
}

Connection::Connection(std::string url, std::string blob_url, auth::AccountKey account, std::string token,
                       std::string ca_file, std::chrono::milliseconds patience)
    : url_(std::move(url)),
      blob_url_(std::move(blob_url)),
      account_(std::move(account)),
      token_(std::move(token)),
      http_(std::make_unique<net::HttpConnection>(
          net::ClientConfig{.url = url_,
                            .ca_file = url_.starts_with("https:") ? std::move(ca_file) : std::string(),
                            .idle_timeout = patience})) {}

Result<Connection> Connection::open(const ServerChoice& choice, std::chrono::milliseconds patience) {
  SCORIA_TRY(place, find_place(choice));
  while (place.url.ends_with('/')) place.url.pop_back();
  SCORIA_TRY_STATUS(net::parse_url(place.url));
  return Connection(place.url, place.blob_url.empty() ? place.url + "/" + place.account.name : place.blob_url,
                    place.account, place.token, place.ca_file, patience);
}

// Of a connection, Code::denied is a certificate's alone (net/http_connection.h).
static Result<net::ClientReply> with_remedy(Result<net::ClientReply> reply) {
  if (reply.ok() || reply.error().code != Code::denied) return reply;
  return Error{Code::denied, reply.error().message +
                                 "; SCORIA_CA_FILE, or caFile of a profile, names the authority to be trusted, as "
                                 "DATA/tls/ca.pem of the server's"};
}

Result<net::ClientReply> Connection::exchange(auth::Service service, net::ClientRequest request) {
  const std::uint64_t length = request.file ? request.file->length : request.body.size();
  if (length != 0 || request.method == "PUT" || request.method == "POST") {
    request.headers.emplace_back("Content-Length", std::to_string(length));
  }
  if (!token_.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + token_);
    return with_remedy(http_->request(request));
  }
  const net::Headers signature =
      auth::sign(service, account_, request.method, request.target, request.headers, SystemClock().now().wall);
  request.headers.insert(request.headers.end(), signature.begin(), signature.end());
  return with_remedy(http_->request(request));
}

Result<Answer> Connection::send(std::string_view method, std::string_view path, const Json& body, Query query) {
  query.insert(query.begin(), {"api-version", kApiVersion});
  net::ClientRequest request{.method = std::string(method), .target = target_of(path, query)};
  if (!body.is_null()) {
    request.body = body.dump();
    request.headers.emplace_back("Content-Type", "application/json; odata=minimalmetadata");
  }
  SCORIA_TRY(reply, exchange(auth::Service::batch, std::move(request)));
  if (reply.status < 200 || reply.status > 299) return refused(method, path, reply);
  return Answer{reply.status, std::move(reply.headers), std::move(reply.body)};
}

Result<Json> Connection::get(std::string_view path, Query query) {
  SCORIA_TRY(answer, send("GET", path, nullptr, std::move(query)));
  Json json = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Error{Code::corrupt, "GET " + std::string(path) + ": the answer is no JSON"};
  return json;
}

Result<std::vector<Json>> Connection::list(std::string_view path, const Query& query, std::size_t limit) {
  std::vector<Json> items;
  std::string skip;
  for (;;) {
    Query page = query;
    if (!skip.empty()) page.emplace_back("$skiptoken", skip);
    page.emplace_back("maxresults", std::to_string(limit == 0 ? kPage : std::min(kPage, limit - items.size())));
    SCORIA_TRY(json, get(path, page));
    for (Json& item : json["value"]) items.push_back(std::move(item));
    const std::string next = json.value("odata.nextLink", "");
    if (next.empty() || (limit != 0 && items.size() >= limit)) return items;
    const std::size_t at = next.find("skiptoken=");
    if (at == std::string::npos)
      return Error{Code::corrupt, "GET " + std::string(path) + ": a next page without a token"};
    skip = next.substr(at + 10, next.find('&', at) - at - 10);
  }
}

Result<std::string> Connection::read_file(std::string_view path, std::uint64_t offset) {
  net::ClientRequest request{.target = target_of(path, {{"api-version", kApiVersion}})};
  request.headers.emplace_back("ocp-range",
                               "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + (4u << 20) - 1));
  SCORIA_TRY(reply, exchange(auth::Service::batch, std::move(request)));
  if (reply.status == 416) return std::string();  // nothing behind the offset yet
  if (reply.status < 200 || reply.status > 299) return refused("GET", path, reply);
  return std::move(reply.body);
}

Status Connection::download(std::string_view path, net::BodySink& sink) {
  net::ClientRequest request{.target = target_of(path, {{"api-version", kApiVersion}})};
  request.reply_sink = &sink;
  SCORIA_TRY(reply, exchange(auth::Service::batch, std::move(request)));
  if (reply.status < 200 || reply.status > 299) return refused("GET", path, reply);
  return Ok{};
}

bool Connection::exists(std::string_view path) { return get(path, {{"$select", "id"}}).ok(); }

Result<Answer> Connection::blob(std::string_view method, std::string_view target, net::Headers headers,
                                std::string body) {
  headers.emplace_back("x-ms-version", kBlobVersion);
  net::ClientRequest request{.method = std::string(method),
                             .target = "/" + account_.name + std::string(target),
                             .headers = std::move(headers),
                             .body = std::move(body)};
  SCORIA_TRY(reply, exchange(auth::Service::blob, std::move(request)));
  if (reply.status < 200 || reply.status > 299) return refused(method, target, reply);
  return Answer{reply.status, std::move(reply.headers), std::move(reply.body)};
}

// A name's slashes are part of the path.
static std::string blob_path(const std::string& container, const std::string& name) {
  std::string path = "/" + container;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    path += "/" + net::percent_encode(std::string_view(name).substr(begin, end - begin));
    begin = end + 1;
  }
  return path;
}

Status Connection::put_blob_file(const std::string& container, const std::string& name,
                                 const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Error{Code::not_found, "cannot read '" + file.string() + "'"};
  const std::shared_ptr<const int> owned(new int(descriptor), [](const int* fd) {
    ::close(*fd);
    delete fd;
  });
  struct stat facts {};
  if (::fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    return Error{Code::invalid, "'" + file.string() + "' is no plain file"};
  }
  const auto size = static_cast<std::uint64_t>(facts.st_size);
  const std::string path = "/" + account_.name + blob_path(container, name);
  const auto put = [&](std::string target, net::Headers headers, std::uint64_t offset, std::uint64_t length) -> Status {
    headers.emplace_back("x-ms-version", kBlobVersion);
    net::ClientRequest request{.method = "PUT", .target = std::move(target), .headers = std::move(headers)};
    if (length > 0) request.file = net::FilePart{owned, offset, length};
    SCORIA_TRY(reply, exchange(auth::Service::blob, std::move(request)));
    if (reply.status != 201) return refused("PUT", path, reply);
    return Ok{};
  };
  if (size <= kBlockBytes) return put(path, {{"x-ms-blob-type", "BlockBlob"}}, 0, size);
  std::string list = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
  std::uint64_t block = 0;
  for (std::uint64_t offset = 0; offset < size; offset += kBlockBytes, ++block) {
    std::array<char, 16> id{};
    std::snprintf(id.data(), id.size(), "%09llu", static_cast<unsigned long long>(block));
    const std::string encoded = auth::base64(id.data());
    SCORIA_TRY_STATUS(put(path + "?comp=block&blockid=" + net::percent_encode(encoded), {}, offset,
                          std::min(kBlockBytes, size - offset)));
    list += "<Latest>" + encoded + "</Latest>";
  }
  list += "</BlockList>";
  auto done = blob("PUT", blob_path(container, name) + "?comp=blocklist", {{"Content-Type", "text/xml"}}, list);
  if (!done.ok()) return std::move(done).error();
  return Ok{};
}

Status Connection::get_blob_file(const std::string& container, const std::string& name,
                                 const std::filesystem::path& file) {
  std::error_code ignored;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), ignored);
  SCORIA_TRY(target, AtomicFile::create(file));
  FileSink sink(std::move(target));
  const std::string path = blob_path(container, name);
  net::ClientRequest request{.target = "/" + account_.name + path, .headers = {{"x-ms-version", kBlobVersion}}};
  request.reply_sink = &sink;
  SCORIA_TRY(reply, exchange(auth::Service::blob, std::move(request)));
  if (reply.status != 200) return refused("GET", path, reply);
  return sink.commit();
}

Result<std::vector<std::pair<std::string, std::uint64_t>>> Connection::list_blobs(const std::string& container,
                                                                                  const std::string& prefix) {
  std::vector<std::pair<std::string, std::uint64_t>> all;
  std::string marker;
  do {
    std::string target = "/" + container + "?restype=container&comp=list&prefix=" + net::percent_encode(prefix);
    if (!marker.empty()) target += "&marker=" + net::percent_encode(marker);
    SCORIA_TRY(answer, blob("GET", target));
    BlobPage page = parse_blob_page(answer.body);
    for (auto& item : page.items) all.push_back(std::move(item));
    marker = page.next;
  } while (!marker.empty());
  return all;
}

std::string Connection::container_url(const std::string& container, std::string_view permissions, bool is_short) const {
  const WallTime now = SystemClock().now().wall;
  const std::chrono::days life(is_short ? 7 : 3650);
  return blob_url_ + "/" + container + "?" +
         auth::make_sas(account_, container, "", permissions, now - std::chrono::minutes(15), now + life);
}

}  // namespace scoria::cli
