// Where in a plan's file its values stand, so that an error names file, line and column whenever it comes.
// Threads: immutable once the plan is read. Ownership: owns the file's text.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace scoria::plan {

class Places {
 public:
  // `document`: what messages call the file, "plan 'p.yaml'". `text`: the file as it was read. `settings`: paths of the values
  // that the command line put in the place of the file's.
  Places(std::string document, std::string text, std::vector<std::string> settings);

  // Where a value stands, counted from 0, bytes of its line before it. `scalar`: its text, empty for a list or a mapping.
  void note(const std::string& path, int line, int column, std::string scalar);
  // Where a value's key stands, for errors that are about the key.
  void note_key(const std::string& path, int line, int column);

  // "plan 'p.yaml', line 3, column 5: features.filter: " before the error's message. Where the message names a column of an
  // expression that the value holds, line and column are that column's. A path that the file lacks is looked for upwards.
  Error at(std::string_view path, Error error) const;
  Error at_key(std::string_view path, Error error) const;

 private:
  struct Mark {
    int line = 0;
    int column = 0;
    std::string scalar;
  };
  struct Position {
    std::size_t line;
    std::size_t column;  // of the line, in bytes
  };

  std::string prefix(std::string_view path, Position position) const;
  Position inside(const Mark& mark, std::size_t offset) const;
  std::string_view line(std::size_t number) const;

  std::string document_;
  std::string text_;
  std::vector<std::size_t> line_starts_;
  std::vector<std::string> settings_;
  std::map<std::string, Mark, std::less<>> values_;
  std::map<std::string, Mark, std::less<>> keys_;
};

}  // namespace scoria::plan
