#include "blob/entry.h"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace scoria::blob {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 4> kOps = {"put", "set", "erase", "block"};

std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }
WallTime wall(std::int64_t since) { return WallTime(Duration(since)); }

void write_body(Json& json, const Body& body) {
  if (body.file != 0) json["file"] = body.file;
  if (body.at != 0) json["at"] = body.at;
}

Body read_body(const Json& json, std::uint64_t payload_at) {
  Body body{.file = json.value("file", std::uint64_t{0}), .at = json.value("at", std::uint64_t{0})};
  if (body.file == 0 && body.at == 0) body.at = payload_at;
  return body;
}

// Empty texts are left out.
void write_text(Json& json, const char* name, const std::string& text) {
  if (!text.empty()) json[name] = text;
}

void write_entry(Json& json, const Entry& entry) {
  if (entry.type == BlobType::append) json["type"] = "append";
  json["length"] = entry.length;
  write_body(json, entry.body);
  json["created"] = micros(entry.created);
  json["modified"] = micros(entry.modified);
  json["etag"] = entry.etag;
  if (entry.blocks != 0) json["blocks"] = entry.blocks;
  write_text(json, "contentMd5", entry.content_md5);
  const Traits& traits = *entry.traits;
  write_text(json, "contentType", traits.content_type);
  write_text(json, "contentEncoding", traits.content_encoding);
  write_text(json, "contentLanguage", traits.content_language);
  write_text(json, "contentDisposition", traits.content_disposition);
  write_text(json, "cacheControl", traits.cache_control);
  if (!traits.metadata.empty()) json["metadata"] = traits.metadata;
  if (!traits.copy.empty()) json["copy"] = traits.copy;
  if (!traits.block_list.empty()) json["blockList"] = traits.block_list;
}

Entry read_entry(const Json& json, std::uint64_t payload_at) {
  Entry entry;
  entry.type = json.value("type", "block") == "append" ? BlobType::append : BlobType::block;
  entry.length = json.at("length").get<std::uint64_t>();
  entry.body = read_body(json, payload_at);
  entry.created = wall(json.at("created").get<std::int64_t>());
  entry.modified = wall(json.at("modified").get<std::int64_t>());
  entry.etag = json.at("etag").get<std::uint64_t>();
  entry.blocks = json.value("blocks", std::uint32_t{0});
  entry.content_md5 = json.value("contentMd5", "");
  auto traits = std::make_shared<Traits>();
  traits->content_type = json.value("contentType", "");
  traits->content_encoding = json.value("contentEncoding", "");
  traits->content_language = json.value("contentLanguage", "");
  traits->content_disposition = json.value("contentDisposition", "");
  traits->cache_control = json.value("cacheControl", "");
  if (const auto found = json.find("metadata"); found != json.end()) traits->metadata = found->get<Metadata>();
  if (const auto found = json.find("copy"); found != json.end()) traits->copy = found->get<Metadata>();
  if (const auto found = json.find("blockList"); found != json.end()) found->get_to(traits->block_list);
  entry.traits = std::move(traits);
  return entry;
}

JournalLine read_json(const Json& json, std::uint64_t payload_at) {
  JournalLine line;
  const auto op = json.at("op").get<std::string>();
  std::size_t number = 0;
  while (number < kOps.size() && op != kOps[number]) ++number;
  if (number == kOps.size()) throw std::out_of_range("the operation '" + op + "' is unknown");
  line.op = static_cast<JournalLine::Op>(number);
  line.name = json.at("name").get<std::string>();
  if (line.op == JournalLine::Op::put || line.op == JournalLine::Op::set) line.entry = read_entry(json, payload_at);
  if (line.op == JournalLine::Op::block) {
    line.block_id = json.at("id").get<std::string>();
    line.block = {.length = json.at("length").get<std::uint64_t>(),
                  .body = read_body(json, payload_at),
                  .put = wall(json.at("put").get<std::int64_t>())};
  }
  return line;
}

}  // namespace

std::string etag_text(std::uint64_t etag) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "0x%llX", static_cast<unsigned long long>(etag));
  return text.data();
}

BlobProperties shown(const Entry& entry) {
  const Traits& traits = *entry.traits;
  return {.type = entry.type,
          .length = entry.length,
          .created = entry.created,
          .modified = entry.modified,
          .etag = etag_text(entry.etag),
          .content_type = traits.content_type,
          .content_encoding = traits.content_encoding,
          .content_language = traits.content_language,
          .content_disposition = traits.content_disposition,
          .cache_control = traits.cache_control,
          .content_md5 = entry.content_md5,
          .metadata = traits.metadata,
          .blocks = entry.blocks,
          .copy = traits.copy};
}

std::shared_ptr<const Traits> traits_of(const BlobProperties& properties,
                                        std::vector<std::pair<std::string, std::uint64_t>> block_list) {
  return std::make_shared<Traits>(Traits{.content_type = properties.content_type,
                                         .content_encoding = properties.content_encoding,
                                         .content_language = properties.content_language,
                                         .content_disposition = properties.content_disposition,
                                         .cache_control = properties.cache_control,
                                         .metadata = properties.metadata,
                                         .copy = properties.copy,
                                         .block_list = std::move(block_list)});
}

std::string write_line(const JournalLine& line) {
  Json json;
  json["op"] = kOps[static_cast<std::size_t>(line.op)];
  json["name"] = line.name;
  if (line.op == JournalLine::Op::put || line.op == JournalLine::Op::set) write_entry(json, line.entry);
  if (line.op == JournalLine::Op::block) {
    json["id"] = line.block_id;
    json["length"] = line.block.length;
    write_body(json, line.block.body);
    json["put"] = micros(line.block.put);
  }
  // Names are UTF-8; of header values a byte that is none is replaced rather than thrown over.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<JournalLine> read_line(std::string_view text, std::uint64_t payload_at) {
  try {
    return read_json(Json::parse(text), payload_at);
  } catch (const std::exception& error) {
    return Error{Code::corrupt, "a record of a container's journal cannot be read: " + std::string(error.what())};
  }
}

}  // namespace scoria::blob
