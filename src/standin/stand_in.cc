#include "standin/stand_in.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <new>

#include "node/task_folders.h"
#include "standin/blobxfer.h"
#include "standin/docker.h"
#include "standin/wget.h"

namespace scoria::standin {
namespace {

std::string path_without(const std::filesystem::path& folder) {
  const char* text = getenv("PATH");
  std::string_view path = text != nullptr ? text : "/usr/local/bin:/usr/bin:/bin";
  std::string kept;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find(':'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part != folder.string()) kept.append(kept.empty() ? "" : ":").append(part);
  }
  return kept;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const auto& word : words) list.push_back(const_cast<char*>(word.c_str()));  // NOLINT: execv's type
  list.push_back(nullptr);
  return list;
}

int run(const Call& call) {
  if (call.name == "docker") return docker(call);
  if (call.name == "wget") return wget(call);
  if (call.name == "blobxfer") return blobxfer(call);
  return fail(call, 2, "there is no such stand-in; there are docker, wget and blobxfer");
}

}  // namespace

int fail(const Call& call, int code, const std::string& message) {
  (void)fprintf(stderr, "%s (scoria's stand-in): %s\n", call.name.c_str(), message.c_str());
  return code;
}

void become_real(const Call& call) {
  const auto program = node::find_program(call.name, path_without(call.folder), ".");
  if (!program.ok()) return;
  std::vector<std::string> words{call.name};
  words.insert(words.end(), call.arguments.begin(), call.arguments.end());
  execv(program.value().c_str(), pointers(words).data());
}

int become(const std::vector<std::string>& command) {
  execvp(command[0].c_str(), pointers(command).data());
  const int number = errno;
  (void)fprintf(stderr, "scoria: program '%s' cannot be run: %s\n", command[0].c_str(), strerror(number));
  return number == ENOENT ? 127 : 126;
}

int stand_in_main(int argc, char** argv) {
  if (argc < 4) {
    (void)fputs("usage: scoria stand-in FOLDER NAME [ARGUMENT...]\n", stderr);
    return 2;
  }
  try {
    Call call{.folder = argv[2], .place = {}, .name = argv[3], .arguments = {argv + 4, argv + argc}};
    auto place = node::read_stand_ins(call.folder);
    if (!place.ok()) return fail(call, 1, place.error().message);
    call.place = std::move(place).value();
    return run(call);
  } catch (const std::bad_alloc&) {
    (void)fputs("scoria: out of memory\n", stderr);
  } catch (const std::exception& error) {
    (void)fprintf(stderr, "scoria: a bug in scoria, please report it: %s\n", error.what());
  }
  return 70;
}

}  // namespace scoria::standin
