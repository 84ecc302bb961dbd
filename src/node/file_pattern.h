// Patterns of output files: "results/*.rds", "**/*.txt", "../std*.txt", "part-[0-9]?.csv".
//
// * and ? match within a name, ** as a whole part matches any number of folders, [abc], [a-z], [!a] one character. A name with a leading dot is
// matched only by a part that begins with a dot. ".." parts may stand at the front.
// Threads: immutable. Source: Azure Batch REST API, outputFiles.filePattern.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace scoria::node {

class FilePattern {
 public:
  // Errors: invalid (absolute, ".." behind another part, an open bracket, longer than 4,096 bytes).
  static Result<FilePattern> parse(std::string_view text);

  bool has_wildcards() const { return fixed_ < parts_.size(); }

  struct Match {
    std::string path;  // relative to the working directory, as the pattern is
    std::string name;  // below the part of the pattern without wildcards: "x.rds"; without any: the file's name
  };
  // Regular files below `working_directory`, by path. What lies outside `boundary` (by ".." or by links) is never matched; at most `limit`.
  std::vector<Match> find(const std::filesystem::path& working_directory, const std::filesystem::path& boundary,
                          std::size_t limit) const;

 private:
  std::vector<std::string> parts_;
  std::size_t fixed_ = 0;  // how many parts at the front have no wildcards (the last part excepted)
};

// One part against one name.
bool matches_part(std::string_view pattern, std::string_view name);

}  // namespace scoria::node
