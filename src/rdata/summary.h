// A readable outline of any R object, as str() gives it: kinds, classes, lengths, first values, names and attributes.
// Bounded in depth, width and lines whatever the object; an environment that was shown before is named, not repeated.
// Threads: independent calls are independent.
#pragma once

#include <cstddef>
#include <string>

#include "rdata/value.h"

namespace scoria::rdata {

struct SummaryOptions {
  std::size_t max_depth = 4;      // levels below the root; at most 50
  std::size_t max_children = 64;  // of the root; each level below shows a quarter as many as the one above, 4 at
                                  // least, and 3 where they have no names
  std::size_t max_values = 6;     // first values of a vector
  std::size_t max_text = 80;      // bytes of one string or call
  std::size_t max_nodes = 500;    // of the whole outline
};

// Lines of text, the first about the file, then one for each object, indented by its depth.
std::string summarize(const Document& document, const SummaryOptions& options = {});

// The same as one JSON object: format, version, writer, compression, workspace, root. A node has label, type, class,
// length, dim, values (as text), children and more (how many children are not shown), where they apply.
std::string summarize_json(const Document& document, const SummaryOptions& options = {});

// A call as R code, cut after `max_text` characters: y ~ x + log(z). For reading, not for parsing.
std::string code_text(const Value& value, std::size_t max_text = 60);

}  // namespace scoria::rdata
