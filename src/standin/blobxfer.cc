#include "standin/blobxfer.h"

#include <fnmatch.h>
#include <stdio.h>

#include <filesystem>

#include "node/resource_files.h"

namespace scoria::standin {
namespace {

// Of names, what stands before the first sign of a pattern: the server lists no others.
std::string prefix_of(const BlobxferCall& wanted) {
  if (wanted.resource != ".") return wanted.resource;
  return wanted.include.substr(0, wanted.include.find_first_of("*?["));
}

Status download(const Call& call, const BlobxferCall& wanted, std::size_t& count) {
  const std::string container =
      "https://" + wanted.account + ".blob." + wanted.endpoint + "/" + wanted.container + "?" + wanted.signature;
  node::Web web({.own_hosts = call.place.own_hosts, .own_ca_file = call.place.own_ca_file});
  SCORIA_TRY(cache, node::FileCache::open(call.folder / "cache", 0));
  std::error_code error;
  std::filesystem::create_directories(wanted.folder, error);
  const node::FetchSurroundings surroundings{
      .web = web,
      .cache = *cache,
      .working_directory = std::filesystem::absolute(wanted.folder, error),
      .blob_url = {},
      .reveal = [](const std::string& text) { return Result<std::string>(text); }};
  SCORIA_TRY(names, node::list_blobs(container, prefix_of(wanted), surroundings));
  spec::Json files = spec::Json::array();
  for (const auto& name : names) {
    if (name.ends_with('/') || fnmatch(wanted.include.c_str(), name.c_str(), 0) != 0) continue;
    SCORIA_TRY(url, node::blob_url(container, name));
    files.push_back({{"httpUrl", url}, {"filePath", name}, {"fileMode", "0644"}});
  }
  count = files.size();
  if (const auto failure = node::fetch_resource_files(files, surroundings)) {
    return Error{Code::unavailable, failure->message};
  }
  return Ok{};
}

}  // namespace

Result<BlobxferCall> parse_blobxfer(const std::vector<std::string>& arguments) {
  BlobxferCall call;
  std::vector<std::string> words;
  std::string ignored;
  bool is_download = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (!word.starts_with("--")) {
      words.push_back(word);
      continue;
    }
    if (word == "--download") {
      is_download = true;
      continue;
    }
    if (word == "--quiet") continue;
    std::string* const value = word == "--saskey"           ? &call.signature
                               : word == "--remoteresource" ? &call.resource
                               : word == "--include"        ? &call.include
                               : word == "--endpoint"       ? &call.endpoint
                               : word == "--numworkers" || word == "--timeout" || word == "--chunksizebytes" ? &ignored
                                                                                                             : nullptr;
    if (value == nullptr) return Error{Code::invalid, "'" + word + "' is not known here"};
    if (i + 1 == arguments.size()) return Error{Code::invalid, "'" + word + "' needs a value"};
    *value = arguments[++i];
  }
  if (!is_download || call.signature.empty()) {
    return Error{Code::unsupported, "downloads by a signature alone are known here: --download --saskey SIGNATURE"};
  }
  if (call.signature.starts_with('?')) call.signature.erase(0, 1);
  if (words.size() != 3) {
    return Error{Code::invalid,
                 std::to_string(words.size()) + " words beside options, must be ACCOUNT CONTAINER FOLDER"};
  }
  call.account = words[0];
  call.container = words[1];
  call.folder = words[2];
  return call;
}

int blobxfer(const Call& call) {
  const auto wanted = parse_blobxfer(call.arguments);
  if (!wanted.ok()) {
    become_real(call);
    return fail(call, 2, wanted.error().message);
  }
  std::size_t count = 0;
  const Status done = download(call, wanted.value(), count);
  if (!done.ok()) return fail(call, 1, done.error().message);
  (void)printf("blobxfer (scoria's stand-in): %zu files of container '%s' in '%s'\n", count,
               wanted.value().container.c_str(), wanted.value().folder.c_str());
  return 0;
}

}  // namespace scoria::standin
