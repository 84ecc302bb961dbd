#include "server/call.h"

#include <sodium.h>

#include <algorithm>

#include "base/iso8601.h"
#include "base/log.h"
#include "spec/errors.h"

namespace scoria::server {
namespace {

constexpr std::size_t kMostParts = 64;
constexpr std::string_view kJsonType = "application/json;odata=minimalmetadata";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error bad_url(std::string message) { return spec::batch_error("RequestUrlFailedToParse", std::move(message)); }

Result<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return bad_url("the request's URL holds a '%' that is not followed by two hexadecimal digits");
    }
    const char byte = static_cast<char>(high * 16 + low);
    if (byte == '\0') return bad_url("the request's URL holds a NUL (%00)");
    decoded += byte;
    i += 2;
  }
  return decoded;
}

// A Host header goes into URLs that we answer with: nothing but what a host and a port are made of.
bool is_plain_host(std::string_view host) {
  return !host.empty() && host.size() <= 255 && std::ranges::all_of(host, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == ':' || c == '[' || c == ']' || c == '_';
  });
}

std::optional<WallTime> time_of(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  const auto time = parse_time(*text);
  return time.ok() ? std::optional(time.value()) : std::nullopt;  // RFC 9110: an invalid date is ignored
}

}  // namespace

Result<Target> Target::parse(std::string_view text) {
  Target target;
  if (const auto mark = text.find('#'); mark != std::string_view::npos) text = text.substr(0, mark);
  std::string_view path = text.substr(0, text.find('?'));
  const std::string_view query = path.size() < text.size() ? text.substr(path.size() + 1) : std::string_view{};
  while (path.starts_with("//")) path.remove_prefix(1);  // service principals' clients ask for //pools
  target.path = path.empty() ? "/" : std::string(path);
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    SCORIA_TRY(segment, percent_decode(path.substr(0, end)));
    target.segments.push_back(std::move(segment));
    path.remove_prefix(std::min(end + 1, path.size()));
    if (target.segments.size() > kMostParts) {
      return bad_url("the request's path has more than " + std::to_string(kMostParts) + " segments");
    }
  }
  for (std::string_view rest = query; !rest.empty();) {
    const auto end = std::min(rest.find('&'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (part.empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    SCORIA_TRY(name, percent_decode(part.substr(0, equals)));
    SCORIA_TRY(value, percent_decode(part.substr(std::min(equals + 1, part.size()))));
    target.query.emplace_back(std::move(name), std::move(value));
    if (target.query.size() > kMostParts) {
      return bad_url("the request has more than " + std::to_string(kMostParts) + " query parameters");
    }
  }
  return target;
}

std::optional<std::string_view> Target::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key.size() == name.size() && std::equal(key.begin(), key.end(), name.begin(), [](char a, char b) {
          return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
        })) {
      return value;
    }
  }
  return std::nullopt;
}

std::string new_request_id() {
  unsigned char bytes[16];
  randombytes_buf(bytes, sizeof bytes);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) id += '-';
    id += kDigits[bytes[i] >> 4];
    id += kDigits[bytes[i] & 15];
  }
  return id;
}

std::string Identity::name() const {
  if (caller != nullptr) return caller->name;
  if (!job.empty()) return "job:" + job;
  return principal.empty() ? "the account's key" : "principal:" + principal;
}

Call::Call(App& app, net::HttpRequest request, Target target, net::Responder responder)
    : app_(app),
      request_(std::move(request)),
      target_(std::move(target)),
      responder_(std::move(responder)),
      request_id_(new_request_id()) {}

const std::string& Call::argument(std::string_view name) const {
  const auto found = std::ranges::find(arguments, name, [](const auto& argument) { return argument.first; });
  SCORIA_CHECK(found != arguments.end());
  return found->second;
}

std::string Call::base_url() const {
  const std::string_view host = request_.host();
  if (!is_plain_host(host)) return app_.account_url;
  // A proxy that ends TLS says so; anybody else's word for it would go into links.
  return (access::is_https(request_, app_.proxies) ? "https://" : "http://") + std::string(host);
}

batch::Precondition Call::precondition() const {
  batch::Precondition condition;
  // Without quotes: that is how a Stamp writes its ETag.
  const auto tag = [this](std::string_view name) -> std::optional<std::string> {
    const auto value = request_.header(name);
    if (!value || value->empty()) return std::nullopt;
    std::string_view text = *value;
    if (text.starts_with("W/")) text.remove_prefix(2);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    return std::string(text);
  };
  condition.if_match = tag("If-Match");
  condition.if_none_match = tag("If-None-Match");
  condition.if_modified_since = time_of(request_.header("If-Modified-Since"));
  condition.if_unmodified_since = time_of(request_.header("If-Unmodified-Since"));
  return condition;
}

void Call::send(net::HttpReply reply) {
  reply.headers.emplace_back("request-id", request_id_);
  reply.headers.emplace_back("Server", "scoria");
  const auto client_id = request_.header("client-request-id");
  const auto wanted = request_.header("return-client-request-id");
  if (client_id && wanted && (*wanted == "true" || *wanted == "True") && client_id->size() <= 128) {
    reply.headers.emplace_back("client-request-id", std::string(*client_id));
  }
  if (request_.method == "HEAD" && !reply.head_length) {
    reply.head_length = reply.body.size();
    reply.body.clear();
  }
  responder_.send(std::move(reply));
}

void Call::send_empty(int status, net::Headers headers) {
  send({.status = status, .headers = std::move(headers), .body = {}, .file = {}, .source = {}, .head_length = {}});
}

void Call::send_json(int status, const Json& body, net::Headers headers) {
  // A stored text that is no UTF-8 cannot come in; if one did, a replaced letter beats no answer.
  send_text(status, body.dump(-1, ' ', false, Json::error_handler_t::replace), kJsonType, std::move(headers));
}

void Call::send_text(int status, std::string body, std::string_view content_type, net::Headers headers) {
  headers.emplace_back("Content-Type", std::string(content_type));
  send({.status = status,
        .headers = std::move(headers),
        .body = std::move(body),
        .file = {},
        .source = {},
        .head_length = {}});
}

void Call::fail(const Error& error, net::Headers headers) {
  const int status = spec::http_status(error);
  if (status >= 500 && status != 503) {  // 503: it stops, or the disk is full, which is logged where it is found
    log::warn("request_failed", {{"request", request_id_},
                                 {"method", request_.method},
                                 {"path", target_.path},
                                 {"status", status},
                                 {"error", error.message}});
  }
  if (status == 304) return send_empty(304);
  if (status == 401) headers.emplace_back("WWW-Authenticate", "SharedKey, Bearer");
  send_text(status, spec::error_body(error, base_url(), request_id_, format_time(app_.clock.now().wall)), kJsonType,
            std::move(headers));
}

void guarded(const CallPtr& call, const std::function<void()>& answer) {
  try {
    answer();
  } catch (const std::exception& error) {
    log::error("handler_failed", {{"request", call->request_id()}, {"error", error.what()}});
    call->fail(spec::batch_error("InternalError"));
  }
}

void write(const CallPtr& call, std::function<Result<Json>(batch::State&)> change,
           std::function<void(Call& call, Json answer)> answer) {
  call->app().service.write(
      std::move(change),
      [call, answer = std::move(answer)](Result<Json> result) {
        guarded(call, [&] {
          if (!result.ok()) return call->fail(result.error());
          answer(*call, std::move(result).value());
        });
      },
      call->work);
}

void write(const CallPtr& call, Success success, std::function<Result<Json>(batch::State&)> change) {
  write(call, std::move(change), [success = std::move(success)](Call& self, const Json& answer) {
    net::Headers headers = stamp_headers(answer);
    const std::string resource = success.resource.empty() ? self.url() : self.base_url() + success.resource;
    headers.emplace_back("DataServiceId", resource);
    if (success.status == 201) headers.emplace_back("Location", resource);
    self.send_empty(success.status, std::move(headers));
  });
}

Json stamp_json(const batch::Stamp& stamp) {
  return {{"etag", stamp.etag()}, {"modified", format_time(stamp.modified)}};
}

net::Headers stamp_headers(const Json& stamp) {
  net::Headers headers;
  if (!stamp.is_object() || !stamp.contains("etag")) return headers;
  headers.emplace_back("ETag", quoted_tag(stamp["etag"].get<std::string>()));
  if (const auto time = parse_time(stamp["modified"].get<std::string>()); time.ok()) {
    headers.emplace_back("Last-Modified", format_http_time(time.value()));
  }
  return headers;
}

Result<Json> as_json(const Result<batch::Stamp>& stamp) {
  if (!stamp.ok()) return stamp.error();
  return stamp_json(stamp.value());
}

Result<Json> as_json(const Status& status) {
  if (!status.ok()) return status.error();
  return Json();
}

std::string quoted_tag(std::string_view etag) {
  if (etag.starts_with('"')) return std::string(etag);
  return "\"" + std::string(etag) + "\"";
}

}  // namespace scoria::server
