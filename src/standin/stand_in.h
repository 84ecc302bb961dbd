// What command lines of doAzureParallel ask of docker, wget and blobxfer, done by this program where a node lacks them or is told to (node/stand_ins.h).
// A program of the same name that the machine has does whatever is not known here.
// Threads: a process of one thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "node/stand_ins.h"

namespace scoria::standin {

struct Call {
  std::filesystem::path folder;  // of the stand-ins
  node::StandInPlace place;
  std::string name;                    // "docker"
  std::vector<std::string> arguments;  // without the name
};

// `scoria stand-in FOLDER NAME [ARGUMENT...]`; the exit code.
int stand_in_main(int argc, char** argv);

// Becomes the machine's own program of this name; comes back only where there is none, or it cannot be run.
void become_real(const Call& call);
// Becomes `command`, whose first word is a file or a name in PATH. The exit code as of a shell where that fails: 127, 126.
int become(const std::vector<std::string>& command);
// One line of standard error that names the stand-in; returns `code`.
int fail(const Call& call, int code, const std::string& message);

}  // namespace scoria::standin
