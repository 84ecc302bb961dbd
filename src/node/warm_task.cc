#include "node/warm_task.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "node/start_up_names.h"
#include "node/task_folders.h"

namespace scoria::node {
namespace {

bool are_packages(std::string_view list) {
  return !list.empty() && std::all_of(list.begin(), list.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == ',';
  });
}

// What R would read at its start from the working directory.
bool has_profile(const std::string& directory) {
  for (const char* name : {"/.Rprofile", "/.Renviron"}) {
    if (access((directory + name).c_str(), F_OK) == 0) return true;
  }
  return false;
}

// Changes when packages are installed or upgraded: by the system, or in the folders that the task names.
std::string stamp_of(const std::vector<std::string>& environment) {
  std::string stamp;
  const auto add = [&](const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) == 0)
      stamp += std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec) + ",";
  };
  for (const char* path :
       {"/var/lib/dpkg/status", "/usr/local/lib/R/site-library", "/usr/local/lib/python3/dist-packages"})
    add(path);
  for (const char* name : {"R_LIBS", "R_LIBS_USER", "R_LIBS_SITE", "PYTHONPATH"}) {
    std::string_view folders = find_setting(environment, name).value_or("");
    while (!folders.empty()) {
      const std::size_t end = std::min(folders.find(':'), folders.size());
      add(std::string(folders.substr(0, end)));
      folders.remove_prefix(std::min(end + 1, folders.size()));
    }
  }
  return stamp;
}

}  // namespace

Result<WarmWords> read_warm_words(std::string_view name, const std::vector<std::string>& words) {
  WarmWords read;
  std::size_t at = 0;
  if (at < words.size() && words[at].starts_with("--preload")) {
    std::string_view value;
    if (words[at] == "--preload" && at + 1 < words.size()) {
      value = words[++at];
    } else if (words[at].starts_with("--preload=")) {
      value = std::string_view(words[at]).substr(10);
    }
    if (!are_packages(value)) {
      return Error{Code::invalid,
                   "--preload needs names of packages with commas between them, such as --preload caret,gbm"};
    }
    read.preload = value;
    ++at;
  }
  read.words.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
  if (read.words.empty()) return Error{Code::invalid, "no script is named"};
  const std::string& first = read.words[0];
  const bool is_python_option = name == "call-py" && (first == "-m" || first == "-c") && read.words.size() > 1;
  read.is_plain_script = !first.starts_with('-') || is_python_option;
  return read;
}

bool may_be_warm(const std::vector<std::string>& words) {
  return words.size() > 1 &&
         (words[1] == "score" || words[1] == "run" || words[1] == "call-r" || words[1] == "call-py");
}

void warm_up(StartCommand& command, const std::vector<std::string>& warm_command,
             const std::filesystem::path& private_folder) {
  const std::string name = command.arguments[1];
  command.is_warm = name == "score" || name == "run";
  if (command.is_warm) return;
  const auto line = read_warm_words(name, {command.arguments.begin() + 2, command.arguments.end()});
  if (!line.ok() || !line.value().is_plain_script) return;
  if (name == "call-r" && has_profile(command.directory)) return;

  // HOME is each task's own, where it says nothing else; profiles of the agent's user are none of its business.
  const auto home = find_setting(command.environment, "HOME");
  const bool has_own_home = home && *home == command.directory;
  std::vector<std::string> environment{has_own_home || !home ? "HOME=/nonexistent" : "HOME=" + std::string(*home)};
  for (const auto& setting : command.environment) {
    if (is_start_up_name(std::string_view(setting).substr(0, setting.find('=')))) environment.push_back(setting);
  }
  if (!line.value().preload.empty()) environment.push_back(std::string(kTemplateStamp) + "=" + stamp_of(environment));
  environment.push_back("TMPDIR=" + private_folder.string());  // one that is killed leaves its directory there
  std::sort(environment.begin(), environment.end());
  command.is_warm = true;
  command.template_command = {warm_command[0], "worker-template", name == "call-r" ? "r" : "python",
                              private_folder.string(), line.value().preload.empty() ? "-" : line.value().preload};
  command.template_environment = std::move(environment);
  // The child reads these: what is before the script has been seen to.
  std::vector<std::string> words{"scoria", name};
  words.insert(words.end(), line.value().words.begin(), line.value().words.end());
  command.arguments = std::move(words);
}

}  // namespace scoria::node
