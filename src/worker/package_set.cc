#include "worker/package_set.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sstream>

#include "base/file.h"
#include "net/sha256.h"
#include "node/descriptor.h"

namespace scoria::worker {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCran = "https://cloud.r-project.org";
constexpr std::size_t kToldOfLog = 600;

Error failed(const char* what, const fs::path& path) {
  return {Code::unavailable, "'" + path.string() + "' cannot be " + what + ": " + strerror(errno)};
}

std::string texts_of(const PackageSet& set) {
  std::string plan;
  for (const auto& url : set.repositories) plan += "repos " + url + "\n";
  if (set.repositories.empty() && set.runtime == Runtime::r) plan += std::string("repos ") + kCran + "\n";
  for (const auto& name : set.packages) plan += "package " + name + "\n";
  for (const auto& [name, version] : set.locked) plan += "locked " + name + " " + version + "\n";
  for (const auto& name : set.debian) plan += "debian " + name + "\n";
  for (const auto& file : set.files) plan += "file " + file.string() + "\n";
  return plan;
}

// Of what the set holds and of the program that will read it.
Result<std::string> mark_of(const PackageSet& set, const std::string& program) {
  struct stat status {};
  if (stat(program.c_str(), &status) != 0) return failed("looked at", program);
  net::Sha256 hash;
  hash.add(program + "\n" + std::to_string(status.st_mtim.tv_sec) + "\n");
  PackageSet named = set;
  named.files.clear();  // these by content: where they lie differs from task to task
  hash.add(texts_of(named));
  std::vector<fs::path> contents = set.files;
  if (!set.requirements.empty()) contents.push_back(set.requirements);
  for (const auto& file : contents) {
    SCORIA_TRY(bytes, FileBytes::open(file));
    hash.add(file.filename().string() + "\n" + std::to_string(bytes.text().size()) + "\n");
    hash.add(bytes.text());
  }
  return hash.finish().substr(0, 32);
}

Status run(const std::vector<std::string>& words, const fs::path& log) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));  // NOLINT: spawn's type
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW,
                                   0644);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, words[0].c_str(), &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) return Error{Code::unavailable, "'" + words[0] + "' cannot be run: " + strerror(error)};
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return Ok{};
  std::string said;
  if (const auto bytes = FileBytes::open(log); bytes.ok()) said = bytes.value().text();
  if (said.size() > kToldOfLog) said = "..." + said.substr(said.size() - kToldOfLog);
  while (said.ends_with('\n')) said.pop_back();
  return Error{Code::unavailable, "the package set cannot be built: " + said};
}

Status install(const PackageSet& set, const Kit& kit, const std::string& program, const fs::path& folder) {
  const fs::path library = folder / "library", log = folder / "log.txt";
  if (set.runtime == Runtime::r) {
    SCORIA_TRY_STATUS(write_file(folder / "plan.txt", texts_of(set)));
    return run({program, "--vanilla", kit.package_script.string(), library.string(), (folder / "plan.txt").string()},
               log);
  }
  std::vector<std::string> words{program,
                                 "-m",
                                 "pip",
                                 "install",
                                 "--no-input",
                                 "--disable-pip-version-check",
                                 "--no-warn-script-location",
                                 "--target",
                                 library.string()};
  if (!set.repositories.empty()) words.insert(words.end(), {"--index-url", set.repositories[0]});
  for (std::size_t i = 1; i < set.repositories.size(); ++i)
    words.insert(words.end(), {"--extra-index-url", set.repositories[i]});
  if (!set.requirements.empty()) words.insert(words.end(), {"-r", set.requirements.string()});
  for (const auto& file : set.files) words.push_back(file.string());
  if (!set.packages.empty()) words.emplace_back("--");
  words.insert(words.end(), set.packages.begin(), set.packages.end());
  return run(words, log);
}

void make_read_only(const fs::path& folder) {
  std::error_code error;
  constexpr auto kWrite = fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    if (!entry.is_symlink(error)) fs::permissions(entry.path(), kWrite, fs::perm_options::remove, error);
  }
}

void remove_tree(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    if (entry.is_directory(error) && !entry.is_symlink(error))
      fs::permissions(entry.path(), fs::perms::owner_write, fs::perm_options::add, error);
  }
  fs::remove_all(folder, error);
}

}  // namespace

const char* library_variable(Runtime runtime) { return runtime == Runtime::r ? "R_LIBS" : "PYTHONPATH"; }

Result<fs::path> ensure_package_set(const PackageSet& set, const fs::path& folder, std::string_view path) {
  SCORIA_TRY(program, find_runtime(set.runtime, path));
  SCORIA_TRY(mark, mark_of(set, program));
  std::error_code error;
  fs::create_directories(folder, error);
  const fs::path place = folder / (std::string(name_of(set.runtime)) + "-" + mark);
  if (fs::exists(place, error)) return place / "library";

  const fs::path lock_path = place.string() + ".lock";
  const node::Descriptor lock(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.is_open()) return failed("opened", lock_path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    (void)fprintf(stderr, "package set %s: another process builds it; waiting\n", mark.c_str());
    while (flock(lock.get(), LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  if (fs::exists(place, error)) return place / "library";

  (void)fprintf(stderr, "package set %s: building it with %s\n", mark.c_str(), program.c_str());
  const fs::path part = place.string() + ".part";
  remove_tree(part);  // of one that was cut off
  fs::create_directories(part / "library", error);
  if (error) return failed("made", part);
  SCORIA_TRY(kit, place_kit({folder}));
  const Status done = install(set, kit, program, part);
  if (!done.ok()) {
    const fs::path log = place.string() + ".log";
    fs::rename(part / "log.txt", log, error);
    remove_tree(part);
    Error failure = done.error();
    failure.message += " (whole log: " + log.string() + ")";
    return failure;
  }
  make_read_only(part);
  fs::rename(part, place, error);
  if (error) return Error{Code::unavailable, "'" + place.string() + "' cannot be made: " + error.message()};
  return place / "library";
}

}  // namespace scoria::worker
