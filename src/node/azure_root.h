// Lets a program that runs on the host find its node's folder at /mnt/batch/tasks, too, where Azure's nodes have it and scripts have it written in
// them: in a mount namespace of the program's own, so that every node of a machine has its own folder there.
// Source: unshare(2), mount_namespaces(7), user_namespaces(7). Threads: free functions; become_rooted() needs a process of one thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace scoria::node {

// Where Azure's nodes keep what AZ_BATCH_NODE_ROOT_DIR names.
inline constexpr const char* kAzureRoot = "/mnt/batch/tasks";

// What runs `arguments` (the first is what the program is called) by the file `file` with `root` at kAzureRoot: `program` (scoria itself)
// with arguments that azure_root_main() reads.
std::vector<std::string> rooted_command(const std::string& program, const std::filesystem::path& root,
                                        const std::string& file, const std::vector<std::string>& arguments);

// Puts `root` at kAzureRoot for this process and those that it starts, and moves its working directory there with it. Nothing is done where
// kAzureRoot is `root` already. Needs root's rights or user namespaces. Errors: denied, unavailable, saying what would help.
Status become_rooted(const std::filesystem::path& root);

// `scoria azure-root ROOT FILE NAME [ARGUMENT...]`: become_rooted(), then the program. Where it cannot be, a line of standard error says why,
// and the program runs nevertheless: most need no such place.
int azure_root_main(int argc, char** argv);

}  // namespace scoria::node
