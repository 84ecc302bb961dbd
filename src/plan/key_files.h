// The files that a name with {column} parts stands for, and the key that each one's name holds.
// Threads: immutable.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace scoria::plan {

class KeyFiles {
 public:
  // A path whose folders and file name may hold {column} parts, with text between any two: "models/{Site}/model_{Device}_{Sensor}".
  // "{{" and "}}" stand for single braces. Errors: invalid, saying what is wrong.
  static Result<KeyFiles> parse(std::string_view path);

  // The columns in order of appearance.
  const std::vector<std::string>& columns() const { return columns_; }

  // All files whose names fit, numbers in names in the order of numbers. Names that begin with a dot are left out.
  // `others` counts the files that were met and do not fit.
  // Errors: not_found, where a folder is not there; the system's.
  Result<std::vector<std::string>> list(std::uint64_t& others) const;

  // The key in a path that list() gave. Errors: invalid, where the name can be read in several ways.
  Result<std::vector<std::string>> key(std::string_view path) const;

 private:
  // Of one folder's or file's name: texts[0] {} texts[1] {} ...
  struct Segment {
    std::vector<std::string> texts;
  };

  Status walk(const std::filesystem::path& folder, std::size_t segment, std::vector<std::string>& found,
              std::uint64_t& others) const;

  std::string root_;               // before the first segment with a column: "models/"
  std::vector<Segment> segments_;  // from that one on
  std::vector<std::string> columns_;
};

}  // namespace scoria::plan
