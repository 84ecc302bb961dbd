#include "server/blob/storage_reply.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>

#include "base/iso8601.h"
#include "base/log.h"
#include "server/blob/xml.h"

namespace scoria::server::storage {
namespace {

constexpr std::string_view kVersion = "2021-12-02";  // said where the client names none

struct StatusRow {
  std::string_view code;
  int status;
};

// What is not here follows from Error::code.
constexpr StatusRow kStatuses[] = {
    {"NoAuthenticationInformation", 401},
    {"AuthenticationFailed", 403},
    {"UnsupportedHttpVerb", 405},
    {"ConditionNotMet", 412},
    {"AppendPositionConditionNotMet", 412},
    {"MaxBlobSizeConditionNotMet", 412},
    {"RequestBodyTooLarge", 413},
    {"InvalidRange", 416},
    {"NotImplemented", 501},
    {"InsufficientStorage", 507},
};

int status_of_code(Code code) {
  switch (code) {
    case Code::invalid: return 400;
    case Code::not_found: return 404;
    case Code::conflict: return 409;
    case Code::denied: return 403;
    case Code::too_large: return 413;
    case Code::exhausted: return 507;
    case Code::unsupported: return 501;
    case Code::unavailable:
    case Code::deadline: return 503;
    case Code::corrupt: return 500;
  }
  return 500;
}

// The client's errors carry Azure's code; an error without one is ours (a disk, a bug), and not for its eyes.
std::string_view code_of(const Error& error, int status) {
  if (!error.api_code.empty()) return error.api_code;
  if (status == 413) return "RequestBodyTooLarge";
  if (status == 503) return "ServerBusy";
  if (status == 507) return "InsufficientStorage";
  return status >= 500 ? "InternalError" : "InvalidInput";
}

std::string new_request_id() {
  thread_local std::mt19937_64 random(std::random_device{}());
  std::array<char, 40> text{};
  const auto a = random();
  const auto b = random();
  std::snprintf(text.data(), text.size(), "%08x-%04x-4%03x-%04x-%012llx", static_cast<unsigned>(a >> 32),
                static_cast<unsigned>(a >> 16 & 0xFFFF), static_cast<unsigned>(a & 0xFFF),
                static_cast<unsigned>(0x8000 | (b >> 48 & 0x3FFF)),
                static_cast<unsigned long long>(b & 0xFFFFFFFFFFFF));
  return text.data();
}

bool is_version(std::string_view text) {
  return text.size() == 10 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
}

}  // namespace

net::HttpReply new_reply(int status, const net::HttpRequest* request) {
  net::HttpReply reply{.status = status};
  reply.headers.emplace_back("x-ms-request-id", new_request_id());
  const auto version = request != nullptr ? request->header("x-ms-version") : std::nullopt;
  reply.headers.emplace_back("x-ms-version", std::string(version && is_version(*version) ? *version : kVersion));
  if (request == nullptr) return reply;
  if (const auto id = request->header("x-ms-client-request-id"); id && id->size() <= 1024) {
    reply.headers.emplace_back("x-ms-client-request-id", std::string(*id));
  }
  return reply;
}

int status_of(const Error& error) {
  for (const StatusRow& row : kStatuses) {
    if (row.code == error.api_code) return row.status;
  }
  // An error without Azure's code that would blame the client is not its fault: it comes from the disk.
  const int status = status_of_code(error.code);
  return error.api_code.empty() && status < 500 && status != 413 ? 500 : status;
}

net::HttpReply error_reply(const Error& error, const net::HttpRequest* request, WallTime now) {
  const int status = status_of(error);
  net::HttpReply reply = new_reply(status, request);
  const std::string id = reply.headers.front().second;
  std::string message = error.message;
  if (error.api_code.empty() && status >= 500) {
    log::error("storage_failed", {{"request", id}, {"code", code_name(error.code)}, {"why", error.message}});
    message = status == 507 ? "the server's disk is full" : "the server could not do this; its log says why";
  }
  const std::string code(code_of(error, status));
  reply.headers.emplace_back("x-ms-error-code", code);
  if (status == 503) reply.headers.emplace_back("Retry-After", "1");
  if (status == 401) reply.headers.emplace_back("WWW-Authenticate", "SharedKey");
  if (request != nullptr && request->method == "HEAD") return reply;
  set_xml(reply, XmlWriter()
                     .open("Error")
                     .leaf("Code", code)
                     .leaf("Message", message + "\nRequestId:" + id + "\nTime:" + format_time(now))
                     .close("Error")
                     .take());
  return reply;
}

void add_stamp(net::HttpReply& reply, std::string_view etag, WallTime modified) {
  reply.headers.emplace_back("ETag", "\"" + std::string(etag) + "\"");
  reply.headers.emplace_back("Last-Modified", format_http_time(modified));
}

void add_metadata(net::HttpReply& reply, const blob::Metadata& metadata) {
  for (const auto& [name, value] : metadata) reply.headers.emplace_back("x-ms-meta-" + name, value);
}

void add_blob_headers(net::HttpReply& reply, const blob::BlobProperties& properties) {
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) reply.headers.emplace_back(name, value);
  };
  add_stamp(reply, properties.etag, properties.modified);
  add("Content-Type", properties.content_type);
  add("Content-Encoding", properties.content_encoding);
  add("Content-Language", properties.content_language);
  add("Content-Disposition", properties.content_disposition);
  add("Cache-Control", properties.cache_control);
  add("Accept-Ranges", "bytes");
  const bool is_append = properties.type == blob::BlobType::append;
  add("x-ms-blob-type", is_append ? "AppendBlob" : "BlockBlob");
  if (is_append) add("x-ms-blob-committed-block-count", std::to_string(properties.blocks));
  add("x-ms-creation-time", format_http_time(properties.created));
  add("x-ms-lease-status", "unlocked");
  add("x-ms-lease-state", "available");
  add("x-ms-server-encrypted", "false");
  for (const auto& [name, value] : properties.copy) add(("x-ms-copy-" + name).c_str(), value);
  add_metadata(reply, properties.metadata);
}

void set_xml(net::HttpReply& reply, std::string xml) {
  reply.headers.emplace_back("Content-Type", "application/xml");
  reply.body = std::move(xml);
}

}  // namespace scoria::server::storage
