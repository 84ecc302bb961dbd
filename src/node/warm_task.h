// Which command lines a process that forks can run in the place of a program of their own: `scoria score`, `scoria run`, `scoria call-r`, `scoria call-py`.
// Threads: free functions.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "node/keeper_protocol.h"

namespace scoria::node {

// What stands behind call-r or call-py.
struct WarmWords {
  std::string preload;             // "a,b"; empty: nothing
  std::vector<std::string> words;  // FILE ARGUMENT...
  bool is_plain_script = true;     // no options of Rscript or python before FILE
};
// Errors: invalid: --preload without packages' names.
Result<WarmWords> read_warm_words(std::string_view name, const std::vector<std::string>& words);

// Whether there is a warm process for what the words name, once their first is known to be this very program.
bool may_be_warm(const std::vector<std::string>& words);
// Makes such a command a warm one, where it can be. `private_folder`: where templates get their files.
void warm_up(StartCommand& command, const std::vector<std::string>& warm_command,
             const std::filesystem::path& private_folder);

}  // namespace scoria::node
