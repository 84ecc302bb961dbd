#include "standin/wget.h"

#include <stdio.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/file.h"
#include "net/url.h"
#include "node/resource_files.h"
#include "standin/startup_scripts.h"

namespace scoria::standin {
namespace {

// Exit codes of wget(1).
constexpr int kBadUsage = 2, kFileFailed = 3, kServerFailed = 8;

constexpr std::array<std::string_view, 10> kSkippedWithValue{
    "a", "o", "t", "T", "U", "w", "append-output", "output-file", "tries", "timeout"};

struct Word {
  std::string name;  // of an option
  std::optional<std::string> value;
};

// "--output-document=f", "-Of", "-qO-"; a cluster of letters is taken up to its first one with a value.
std::optional<Word> option_of(const std::string& word) {
  if (word.size() < 2 || word[0] != '-') return std::nullopt;
  if (word[1] == '-') {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) return Word{word.substr(2), std::nullopt};
    return Word{word.substr(2, equals - 2), word.substr(equals + 1)};
  }
  const std::size_t letter = word.find_first_of("OPaotTUw", 1);
  if (letter == std::string::npos) return Word{word.substr(1, 1), std::nullopt};
  if (letter + 1 == word.size()) return Word{word.substr(letter, 1), std::nullopt};
  return Word{word.substr(letter, 1), word.substr(letter + 1)};
}

std::string name_of(const net::Url& url) {
  std::string path = url.target.substr(0, url.target.find('?'));
  path = path.substr(path.rfind('/') + 1);
  return path.empty() ? "index.html" : path;
}

Status fetch(const Call& call, const std::string& url, const std::filesystem::path& file) {
  node::Web web({.own_hosts = call.place.own_hosts, .own_ca_file = call.place.own_ca_file});
  SCORIA_TRY(cache, node::FileCache::open(call.folder / "cache", 0));
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(file, error);
  const node::FetchSurroundings surroundings{
      .web = web,
      .cache = *cache,
      .working_directory = whole.parent_path(),
      .blob_url = {},
      .reveal = [](const std::string& text) { return Result<std::string>(text); }};
  const spec::Json files{{{"httpUrl", url}, {"filePath", whole.filename().string()}, {"fileMode", "0644"}}};
  if (const auto failure = node::fetch_resource_files(files, surroundings)) {
    return Error{Code::unavailable, failure->message};
  }
  return Ok{};
}

int download(const Call& call, const WgetCall& wanted, const std::string& text) {
  const auto url = net::parse_url(text);
  if (!url.ok()) return fail(call, kBadUsage, "'" + text + "': " + url.error().message);
  std::filesystem::path file = wanted.output.empty() ? name_of(url.value()) : wanted.output;
  if (!wanted.folder.empty() && wanted.output.empty()) {
    std::error_code error;
    std::filesystem::create_directories(wanted.folder, error);
    file = std::filesystem::path(wanted.folder) / file;
  }
  if (const auto script = startup_script(url.value())) {
    const Status written = write_file(file, *script);
    if (!written.ok()) return fail(call, kFileFailed, written.error().message);
    (void)fprintf(stderr, "%s: '%s' comes from scoria itself\n", call.name.c_str(), file.c_str());
    return 0;
  }
  const Status fetched = fetch(call, text, file);
  return fetched.ok() ? 0 : fail(call, kServerFailed, fetched.error().message);
}

}  // namespace

Result<WgetCall> parse_wget(const std::vector<std::string>& arguments) {
  WgetCall call;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    auto option = option_of(arguments[i]);
    if (!option) {
      call.urls.push_back(arguments[i]);
      continue;
    }
    const auto is = [&](std::string_view letter, std::string_view name) {
      return option->name == letter || option->name == name;
    };
    const bool is_kept = is("O", "output-document") || is("P", "directory-prefix");
    const bool has_value = is_kept || std::find(kSkippedWithValue.begin(), kSkippedWithValue.end(), option->name) !=
                                          kSkippedWithValue.end();
    if (has_value && !option->value) {
      if (i + 1 == arguments.size()) return Error{Code::invalid, "'" + arguments[i] + "' needs a value"};
      option->value = arguments[++i];
    }
    if (is("O", "output-document")) call.output = *option->value;
    if (is("P", "directory-prefix")) call.folder = *option->value;
  }
  if (call.urls.empty()) return Error{Code::invalid, "no URL is named"};
  if (call.output == "-") return Error{Code::invalid, "-O - (standard output) is not known here"};
  return call;
}

int wget(const Call& call) {
  const auto wanted = parse_wget(call.arguments);
  const bool is_ours =
      wanted.ok() && std::any_of(wanted.value().urls.begin(), wanted.value().urls.end(), [](auto& url) {
        const auto parsed = net::parse_url(url);
        return parsed.ok() && startup_script(parsed.value()).has_value();
      });
  if (!is_ours) become_real(call);
  if (!wanted.ok()) return fail(call, kBadUsage, wanted.error().message);
  for (const auto& url : wanted.value().urls) {
    if (const int code = download(call, wanted.value(), url); code != 0) return code;
  }
  return 0;
}

}  // namespace scoria::standin
