#include "cli/client/submission.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "cli/client/view.h"
#include "net/url.h"
#include "plan/inputs.h"
#include "plan/run.h"

namespace scoria::cli {
namespace {

bool is_uri(std::string_view path) { return path.find("://") != std::string_view::npos; }

// "models/m_{step}_q{q}.rds" as a shell's pattern: "models/m_*_q*.rds".
std::string as_glob(std::string_view text) {
  std::string glob;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (depth == 0 && (c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      glob += c;
      ++i;
    } else if (c == '{') {
      if (depth++ == 0) glob += '*';
    } else if (c == '}') {
      --depth;
    } else if (depth == 0) {
      if (c == '*' || c == '?' || c == '[' || c == '\\') glob += '\\';
      glob += c;
    }
  }
  return glob;
}

// The folder before the first part of a path that is a pattern.
std::filesystem::path fixed_folder(const std::string& glob) {
  const std::size_t star = glob.find('*');
  const std::size_t slash = glob.rfind('/', star);
  return slash == std::string::npos ? std::filesystem::path(".") : std::filesystem::path(glob.substr(0, slash));
}

Result<SubmittedFile> file_of(const std::filesystem::path& folder, const std::string& name) {
  const std::filesystem::path normal = std::filesystem::path(name).lexically_normal();
  if (normal.is_absolute() || normal.string().starts_with("..")) {
    return Error{Code::denied,
                 "'" + name + "' is outside the plan's folder '" + folder.string() +
                     "': a task finds files under their names below the plan, so put it there, or give its URI"};
  }
  return SubmittedFile{folder / normal, normal.string()};
}

// Files whose names a template may give.
Result<std::vector<SubmittedFile>> matching(const std::filesystem::path& folder, const plan::Template& pattern) {
  std::vector<SubmittedFile> found;
  if (pattern.text().empty() || is_uri(pattern.text())) return found;
  const std::string glob = std::filesystem::path(as_glob(pattern.text())).lexically_normal().string();
  SCORIA_TRY(base, file_of(folder, fixed_folder(glob).string()));
  std::error_code error;
  if (glob.find('*') == std::string::npos) {
    SCORIA_TRY(file, file_of(folder, glob));
    if (std::filesystem::is_regular_file(file.path, error)) found.push_back(file);
    return found;
  }
  for (std::filesystem::recursive_directory_iterator at(base.path, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = std::filesystem::relative(at->path(), folder, error).lexically_normal().string();
    if (at->is_regular_file() && fnmatch(glob.c_str(), name.c_str(), FNM_PATHNAME) == 0)
      found.push_back({at->path(), name});
  }
  return found;
}

std::string blob_url(const std::string& container_url, const std::string& name) {
  const std::size_t query = container_url.find('?');
  std::string path;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    path += "/" + net::percent_encode(std::string_view(name).substr(begin, end - begin));
    begin = end + 1;
  }
  return container_url.substr(0, query) + path + container_url.substr(query);
}

// The literal beginning of a template's files: "models/gbm_t".
std::string fixed_prefix(const plan::Template& pattern) {
  const std::string glob = std::filesystem::path(as_glob(pattern.text())).lexically_normal().string();
  return glob.substr(0, glob.find('*'));
}

}  // namespace

Result<SubmittedFiles> files_of(const plan::Plan& plan, const std::vector<std::string>& partitions) {
  std::filesystem::path folder = plan.file.parent_path();
  if (folder.empty()) folder = ".";
  SubmittedFiles files;
  std::set<SubmittedFile> shared;
  SCORIA_TRY(itself, file_of(folder, plan.file.filename().string()));
  shared.insert(itself);
  files.of_partition.resize(partitions.size());
  for (const auto& [name, pattern] : plan.inputs) {
    if (is_uri(pattern.text())) continue;
    const bool is_shared = plan.partition.empty() || !pattern.names().contains(plan.partition);
    for (std::size_t i = 0; i < (is_shared ? 1 : partitions.size()); ++i) {
      SCORIA_TRY(path, plan::input_path(pattern, plan, partitions[i]));
      SCORIA_TRY(file, file_of(folder, path));
      std::error_code error;
      if (!std::filesystem::is_regular_file(file.path, error)) {
        return Error{Code::not_found, "input '" + name + "': '" + file.path.string() + "' is not there"};
      }
      if (is_shared) {
        shared.insert(file);
      } else {
        files.of_partition[i].push_back(file);
      }
    }
  }
  for (const plan::Models& models : plan.models) {
    for (const plan::Template* pattern : {&models.file, &models.other}) {
      SCORIA_TRY(found, matching(folder, *pattern));
      if (found.empty() && pattern == &models.file && !is_uri(pattern->text()) &&
          models.missing == plan::Models::Missing::error) {
        return plan.at(models.path, Error{Code::not_found, "no file matches '" + pattern->text() + "'"});
      }
      shared.insert(found.begin(), found.end());
    }
  }
  files.shared.assign(shared.begin(), shared.end());
  return files;
}

std::vector<std::vector<std::size_t>> share_out(std::size_t partitions, std::size_t size) {
  std::vector<std::vector<std::size_t>> shares;
  for (std::size_t i = 0; i < partitions; ++i) {
    if (i % size == 0) shares.emplace_back();
    shares.back().push_back(i);
  }
  return shares;
}

std::vector<std::string> output_patterns(const plan::Plan& plan) {
  std::set<std::string> patterns;
  for (const plan::Template* output : {&plan.output, plan.split ? &*plan.split : nullptr}) {
    if (output == nullptr || is_uri(output->text())) continue;
    const std::string folder = fixed_folder(as_glob(output->text())).lexically_normal().string();
    patterns.insert(folder == "." ? std::filesystem::path(as_glob(output->text())).filename().string() + "*"
                                  : folder + "/**/*");
  }
  return {patterns.begin(), patterns.end()};
}

std::vector<Json> task_bodies(const plan::Plan& plan, const std::vector<std::string>& partitions,
                              const SubmittedFiles& files, const std::vector<std::vector<std::size_t>>& shares,
                              const SubmittedTask& options) {
  // Many files of one kind (models) are fetched by their prefix, the rest one by one.
  std::set<std::string> prefixes;
  for (const plan::Models& models : plan.models) {
    for (const plan::Template* pattern : {&models.file, &models.other}) {
      if (!pattern->text().empty() && !is_uri(pattern->text())) prefixes.insert(fixed_prefix(*pattern));
    }
  }
  Json shared = Json::array();
  for (const std::string& prefix : prefixes) {
    shared.push_back({{"storageContainerUrl", options.container_url}, {"blobPrefix", prefix}});
  }
  const auto has_prefix = [&prefixes](const std::string& name) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&name](const std::string& prefix) { return name.starts_with(prefix); });
  };
  for (const SubmittedFile& file : files.shared) {
    if (has_prefix(file.name)) continue;
    shared.push_back({{"httpUrl", blob_url(options.container_url, file.name)}, {"filePath", file.name}});
  }
  Json outputs = Json::array();
  for (const std::string& pattern : output_patterns(plan)) {
    const std::string folder =
        pattern.substr(0, pattern.find_last_of('/') == std::string::npos ? 0 : pattern.find("/**"));
    outputs.push_back({{"filePattern", pattern},
                       {"destination",
                        {{"container",
                          {{"containerUrl", options.container_url},
                           {"path", options.results + (folder.empty() ? "" : "/" + folder)}}}}},
                       {"uploadOptions", {{"uploadCondition", "tasksuccess"}}}});
  }
  std::vector<Json> bodies;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    std::vector<std::string> command = {"scoria", "run", plan.file.filename().string()};
    for (const std::string& setting : options.settings) command.insert(command.end(), {"--set", setting});
    Json resources = shared;
    std::string only;
    for (const std::size_t partition : shares[i]) {
      only += (only.empty() ? "" : ",") + partitions[partition];
      for (const SubmittedFile& file : files.of_partition[partition]) {
        resources.push_back({{"httpUrl", blob_url(options.container_url, file.name)}, {"filePath", file.name}});
      }
    }
    if (!plan.partition.empty()) command.insert(command.end(), {"--only", only});
    std::array<char, 24> id{};
    std::snprintf(id.data(), id.size(), "t%04zu", i + 1);
    bodies.push_back({{"id", id.data()},
                      {"displayName", only.substr(0, 200)},
                      {"commandLine", join_command_line(command)},
                      {"resourceFiles", resources},
                      {"outputFiles", outputs},
                      {"constraints", {{"maxTaskRetryCount", options.retries}}}});
  }
  return bodies;
}

}  // namespace scoria::cli
