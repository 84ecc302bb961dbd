#include "node/task_folders.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <unordered_map>

namespace scoria::node {
namespace {

Status make_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return Ok{};
  if (errno == ENOSPC || errno == EDQUOT) {
    return Error{Code::exhausted, "folder '" + path + "' cannot be made: the disk is full", "DiskFull"};
  }
  return Error{errno == ENOENT   ? Code::not_found
               : errno == EACCES ? Code::denied
                                 : Code::unavailable,
               "folder '" + path + "' cannot be made: " + strerror(errno), "ResourceDirectoryCreateFailed"};
}

// Settings by name; the later one wins where the earlier one stood.
class Settings {
 public:
  void set(std::string_view name, std::string_view value) {
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string_view::npos ||
        value.find('\0') != std::string_view::npos) {
      return;
    }
    std::string setting;
    setting.reserve(name.size() + value.size() + 1);
    setting.append(name).append("=").append(value);
    const auto [known, is_new] = at_.try_emplace(std::string(name), list.size());
    if (is_new)
      list.push_back(std::move(setting));
    else
      list[known->second] = std::move(setting);
  }
  std::vector<std::string> list;

 private:
  std::unordered_map<std::string, std::size_t> at_;
};

}  // namespace

Status make_node_folders(const std::filesystem::path& root) {
  std::error_code error;
  std::filesystem::create_directories(root, error);
  if (error) return Error{Code::unavailable, "node's root '" + root.string() + "' cannot be made: " + error.message()};
  for (const char* name : {"shared", "startup", "workitems", "mounts", "certs"}) {
    SCORIA_TRY_STATUS(make_folder((root / name).string()));
  }
  (void)chmod((root / "shared").c_str(), 0777);  // all tasks write there, whoever they run as
  return Ok{};
}

Status make_task_folders(const std::filesystem::path& root, const std::string& directory) {
  const std::string folder = (root / directory).string();
  auto made = make_folder(folder);
  if (!made.ok() && made.error().code == Code::not_found) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    made = make_folder(folder);
  }
  if (!made.ok()) return made;
  return make_folder(folder + "/wd");
}

std::vector<std::string> task_environment(const NodePlace& place, const spec::StartOrder& order,
                                          const std::vector<std::pair<std::string, std::string>>& settings) {
  const std::string root = place.root.string();
  const std::string task = root + "/" + order.directory;
  Settings all;
  all.list.reserve(32 + place.environment.size() + settings.size());
  all.set("PATH", place.path);
  all.set("HOME", task + "/wd");
  all.set("LANG", "C.UTF-8");
  for (const auto& setting : place.environment) {
    const auto equals = setting.find('=');
    if (equals != std::string::npos) all.set(std::string_view(setting).substr(0, equals), setting.substr(equals + 1));
  }
  for (const auto& [name, value] : settings) all.set(name, value);
  // Ours behind the task's: nothing that a task sets may hide where it is, and the keeper finds strays by them.
  if (!place.account_name.empty()) all.set("AZ_BATCH_ACCOUNT_NAME", place.account_name);
  if (!place.account_url.empty()) all.set("AZ_BATCH_ACCOUNT_URL", place.account_url);
  all.set("AZ_BATCH_POOL_ID", place.pool);
  all.set("AZ_BATCH_NODE_ID", place.node);
  all.set("AZ_BATCH_NODE_IS_DEDICATED", place.is_dedicated ? "true" : "false");
  all.set("AZ_BATCH_NODE_ROOT_DIR", root);
  all.set("AZ_BATCH_NODE_SHARED_DIR", root + "/shared");
  all.set("AZ_BATCH_NODE_STARTUP_DIR", root + "/startup");
  all.set("AZ_BATCH_NODE_MOUNTS_DIR", root + "/mounts");
  all.set("AZ_BATCH_CERTIFICATES_DIR", root + "/certs");
  all.set("AZ_BATCH_TASK_DIR", task);
  all.set("AZ_BATCH_TASK_WORKING_DIR", task + "/wd");
  all.set("AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES", "0");
  all.set("AZ_BATCH_TASK_ATTEMPT", std::to_string(order.attempt));
  if (order.kind != spec::RunKind::start_task) {
    all.set("AZ_BATCH_JOB_ID", order.job);
    all.set("AZ_BATCH_TASK_ID", order.task);
  }
  // The preparation task itself has them too: real clients' scripts read them there.
  const std::string& preparation =
      order.kind == spec::RunKind::preparation ? order.directory : order.preparation_directory;
  if (!preparation.empty()) {
    all.set("AZ_BATCH_JOB_PREP_DIR", root + "/" + preparation);
    all.set("AZ_BATCH_JOB_PREP_WORKING_DIR", root + "/" + preparation + "/wd");
  }
  if (!order.token.empty()) all.set("AZ_BATCH_AUTHENTICATION_TOKEN", order.token);
  if (place.cores > 0 && order.slots > 0) {
    all.set("SCORIA_CPUS", std::to_string(std::max(1, place.cores * std::min(order.slots, place.slots) / place.slots)));
  }
  if (place.has_devices || !order.devices.empty()) {
    std::string list;
    for (const int device : order.devices) list += (list.empty() ? "" : ",") + std::to_string(device);
    all.set("CUDA_VISIBLE_DEVICES", list);
    all.set("SCORIA_DEVICES", list);
  }
  return std::move(all.list);
}

std::optional<std::string_view> find_setting(const std::vector<std::string>& environment, std::string_view name) {
  for (const auto& setting : environment) {
    const std::string_view view = setting;
    if (view.size() > name.size() && view.starts_with(name) && view[name.size()] == '=') {
      return view.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

Result<std::string> find_program(const std::string& name, std::string_view path,
                                 const std::filesystem::path& directory) {
  const auto is_program = [](const std::string& file) {
    struct stat status {};
    return access(file.c_str(), X_OK) == 0 && stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode);
  };
  if (name.find('/') != std::string::npos) {
    std::string file = name.starts_with('/') ? name : (directory / name).string();
    if (is_program(file)) return file;
    if (access(file.c_str(), F_OK) == 0) {
      return Error{Code::denied, "program '" + name + "' is there but is no file that may be run",
                   "CommandLaunchFailed"};
    }
    return Error{Code::not_found, "program '" + name + "' is not there; relative paths begin at the task's wd",
                 "CommandProgramNotFound"};
  }
  while (!path.empty()) {
    const std::size_t end = std::min(path.find(':'), path.size());
    const std::string_view folder = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    std::string file = folder.empty() || !folder.starts_with('/') ? (directory / folder / name).string()
                                                                  : std::string(folder) + "/" + name;
    if (is_program(file)) return file;
  }
  return Error{Code::not_found, "program '" + name + "' is in none of the folders of the task's PATH",
               "CommandProgramNotFound"};
}

}  // namespace scoria::node
