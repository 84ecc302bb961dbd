#include "arrowio/module/object_store.h"

#include <arrow/config.h>
#include <arrow/util/config.h>
#include <arrow/util/uri.h>
#include <dlfcn.h>
#ifdef ARROW_AZURE
#include <arrow/filesystem/azurefs.h>
#endif
#ifdef ARROW_GCS
#include <arrow/filesystem/gcsfs.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <new>
#include <string_view>

namespace scoria::arrowio {
namespace {

// Since Arrow 21 or so the client of S3 is a library of its own, which registers itself when it is loaded; it lies beside
// libarrow. Older versions have it built in, and then there is no such file and nothing to do.
arrow::Status load_s3() {
#if ARROW_VERSION_MAJOR >= 21
  static std::once_flag once;
  static arrow::Status status;
  std::call_once(once, [] {
    Dl_info info{};
    auto known = reinterpret_cast<void*>(&arrow::GetBuildInfo);
    if (dladdr(known, &info) == 0 || info.dli_fname == nullptr) return;
    const std::filesystem::path beside =
        std::filesystem::path(info.dli_fname).replace_filename("libarrow_s3.so." ARROW_SO_VERSION);
    std::error_code error;
    if (std::filesystem::exists(beside, error)) status = arrow::fs::LoadFileSystemFactories(beside.c_str());
  });
  return status;
#else
  return arrow::Status::OK();
#endif
}

arrow::Result<ObjectPlace> any_place(const std::string& uri) {
  ObjectPlace place;
  ARROW_ASSIGN_OR_RAISE(place.store, arrow::fs::FileSystemFromUri(uri, &place.path));
  return place;
}

arrow::Result<ObjectPlace> s3_place(const std::string& uri) {
  ARROW_RETURN_NOT_OK(load_s3());
  auto place = any_place(uri);
  // The client's threads must be gone before the statics that they use, which the first client has made by now.
  static std::once_flag once;
  std::call_once(once, [] { std::atexit([] { arrow::fs::EnsureFinalized(); }); });
  return place;
}

bool begins_with_any(std::string_view text, std::initializer_list<std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [text](std::string_view beginning) { return text.substr(0, beginning.size()) == beginning; });
}

#ifdef ARROW_AZURE
std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Arrow takes Microsoft's AZURE_CLIENT_ID and its like; the account's key and signature, which `az storage` takes, are for us to pass on.
arrow::Result<ObjectPlace> azure_place(const std::string& text) {
  arrow::util::Uri uri;
  ARROW_RETURN_NOT_OK(uri.Parse(text));
  if (!uri.password().empty()) {
    return arrow::Status::Invalid(
        "a key in a URI can be seen by all users of this machine, and Azure's client does not take it; give it as "
        "AZURE_STORAGE_KEY in "
        "the environment");
  }
  ObjectPlace place;
  ARROW_ASSIGN_OR_RAISE(auto options, arrow::fs::AzureOptions::FromUri(uri, &place.path));
  const std::string account = environment("AZURE_STORAGE_ACCOUNT");
  if (options.account_name.empty()) options.account_name = account;
  ARROW_ASSIGN_OR_RAISE(const auto parameters, uri.query_items());
  const bool has_credentials = std::any_of(parameters.begin(), parameters.end(), [](const auto& parameter) {
    return parameter.first == "sig" || parameter.first == "client_id" || parameter.first == "credential_kind";
  });
  // A key is of one account and not to be sent to another.
  if (!has_credentials && (account.empty() || account == options.account_name)) {
    const std::string key = environment("AZURE_STORAGE_KEY");
    std::string signature = environment("AZURE_STORAGE_SAS_TOKEN");
    if (!signature.empty() && signature.front() != '?') signature.insert(0, 1, '?');
    if (!key.empty()) {
      ARROW_RETURN_NOT_OK(options.ConfigureAccountKeyCredential(key));
    } else if (!signature.empty()) {
      ARROW_RETURN_NOT_OK(options.ConfigureSASCredential(signature));
    }
  }
  ARROW_ASSIGN_OR_RAISE(place.store, arrow::fs::AzureFileSystem::Make(options));
  return place;
}
#else
arrow::Result<ObjectPlace> azure_place(const std::string& uri) { return any_place(uri); }
#endif

#ifdef ARROW_GCS
// Google's client would try again for 15 minutes where nobody answers.
constexpr double kRetrySeconds = 20;

arrow::Result<ObjectPlace> google_place(const std::string& uri) {
  ObjectPlace place;
  ARROW_ASSIGN_OR_RAISE(auto options, arrow::fs::GcsOptions::FromUri(uri, &place.path));
  if (!options.retry_limit_seconds) options.retry_limit_seconds = kRetrySeconds;
  ARROW_ASSIGN_OR_RAISE(place.store, arrow::fs::GcsFileSystem::Make(options));
  return place;
}
#else
arrow::Result<ObjectPlace> google_place(const std::string& uri) { return any_place(uri); }
#endif

}  // namespace

arrow::Result<ObjectPlace> find_place(const std::string& uri) {
  if (begins_with_any(uri, {"s3://"})) return s3_place(uri);
  if (begins_with_any(uri, {"abfs://", "abfss://"})) return azure_place(uri);
  if (begins_with_any(uri, {"gs://", "gcs://"})) return google_place(uri);
  return any_place(uri);
}

std::string credentials_hint(const std::string& uri) {
  if (!begins_with_any(uri, {"abfs://", "abfss://"})) return "";
  return "; credentials are found in AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, in AZURE_CLIENT_ID, AZURE_TENANT_ID "
         "and AZURE_CLIENT_SECRET, "
         "or after `az login`";
}

}  // namespace scoria::arrowio
