#include "node/azure_root.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "node/descriptor.h"

namespace scoria::node {
namespace {

// What is above kAzureRoot, and is laid over in the namespace where there is none: the machine's own file system stays as it is.
constexpr const char* kAbove = "/mnt";
constexpr int kMostAbove = 256;

Error failed(const std::string& what) {
  const int number = errno;
  return {number == EPERM || number == EACCES ? Code::denied : Code::unavailable, what + ": " + strerror(number)};
}

bool is_same_folder(const char* a, const char* b) {
  struct stat first {
  }, second{};
  return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

Status write_text(const char* path, const std::string& text) {
  const Descriptor file(open(path, O_WRONLY | O_CLOEXEC));
  if (!file.is_open() || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return failed(std::string("'") + path + "' cannot be written");
  }
  return Ok{};
}

// Root has the right to mounts of its own; anybody else is given it in a user namespace, in which they stay who they are.
Status leave_mounts() {
  const auto user = geteuid();
  const auto group = getegid();
  if (user != 0 || unshare(CLONE_NEWNS) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return failed("this machine gives no mount namespace");
    SCORIA_TRY_STATUS(write_text("/proc/self/setgroups", "deny"));
    SCORIA_TRY_STATUS(write_text("/proc/self/uid_map", std::to_string(user) + " " + std::to_string(user) + " 1"));
    SCORIA_TRY_STATUS(write_text("/proc/self/gid_map", std::to_string(group) + " " + std::to_string(group) + " 1"));
  }
  // Mounts of the machine still come in, none of ours gets out.
  if (mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return failed("mounts cannot be made one's own");
  return Ok{};
}

// An empty file system over kAbove, with all that was there in its old place again, so that folders can be made in it.
Status lay_over() {
  struct Entry {
    std::string name;
    Descriptor place;
    bool is_folder;
  };
  std::vector<Entry> entries;
  {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(kAbove), closedir);
    if (!folder) return failed(std::string("'") + kAbove + "' cannot be read");
    while (const dirent* entry = readdir(folder.get())) {
      const std::string name = entry->d_name;
      struct stat status {};
      if (name == "." || name == ".." || fstatat(dirfd(folder.get()), name.c_str(), &status, 0) != 0) continue;
      if (entries.size() == kMostAbove) {
        return Error{Code::unavailable, std::string("'") + kAbove + "' holds more than 256 things"};
      }
      entries.push_back(
          {name, Descriptor(openat(dirfd(folder.get()), name.c_str(), O_PATH | O_CLOEXEC)), S_ISDIR(status.st_mode)});
    }
  }
  if (mount("tmpfs", kAbove, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m") != 0) {
    return failed(std::string("nothing can be mounted at '") + kAbove + "'");
  }
  for (const Entry& entry : entries) {
    const std::string path = std::string(kAbove) + "/" + entry.name;
    if (entry.is_folder) {
      if (mkdir(path.c_str(), 0755) != 0) return failed("'" + path + "' cannot be made");
    } else {
      const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    }
    const std::string place = "/proc/self/fd/" + std::to_string(entry.place.get());
    if (mount(place.c_str(), path.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) {
      return failed("'" + path + "' cannot be kept in its place");
    }
  }
  return Ok{};
}

}  // namespace

std::vector<std::string> rooted_command(const std::string& program, const std::filesystem::path& root,
                                        const std::string& file, const std::vector<std::string>& arguments) {
  std::vector<std::string> command{program, "azure-root", root.string(), file};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

Status become_rooted(const std::filesystem::path& root) {
  if (is_same_folder(root.c_str(), kAzureRoot)) return Ok{};
  std::error_code error;
  const std::filesystem::path here = std::filesystem::current_path(error);
  SCORIA_TRY_STATUS(leave_mounts());
  if (!std::filesystem::is_directory(kAzureRoot, error)) {
    SCORIA_TRY_STATUS(lay_over());
    if (!std::filesystem::create_directories(kAzureRoot, error)) {
      return Error{Code::denied, std::string("'") + kAzureRoot + "' cannot be made: " + error.message()};
    }
  }
  if (mount(root.c_str(), kAzureRoot, nullptr, MS_BIND | MS_REC, nullptr) != 0) {
    return failed("'" + root.string() + "' cannot be mounted at " + kAzureRoot);
  }
  // What a program asks for its place: the one that it has written in it.
  const std::string text = here.string(), prefix = root.string() + "/";
  if (text.starts_with(prefix)) (void)!chdir((std::string(kAzureRoot) + "/" + text.substr(prefix.size())).c_str());
  return Ok{};
}

int azure_root_main(int argc, char** argv) {
  if (argc < 5) {
    (void)fputs("usage: scoria azure-root ROOT FILE NAME [ARGUMENT...]\n", stderr);
    return 2;
  }
  const Status rooted = become_rooted(argv[2]);
  if (!rooted.ok()) {
    (void)fprintf(stderr, "scoria: the node's folder is not at %s, but at AZ_BATCH_NODE_ROOT_DIR alone: %s\n",
                  kAzureRoot, rooted.error().message.c_str());
  }
  execv(argv[3], argv + 4);
  const int number = errno;
  (void)fprintf(stderr, "scoria: program '%s' cannot be run: %s%s\n", argv[3], strerror(number),
                number == ENOEXEC ? " (a script needs a first line like #!/bin/sh)" : "");
  return number == ENOENT ? 127 : 126;
}

}  // namespace scoria::node
