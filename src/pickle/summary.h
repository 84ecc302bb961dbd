// A readable outline of what a pickle holds: classes, attributes, shapes and first values.
// Bounded in depth, width and lines whatever the object, cyclic and endlessly shared ones included.
// Threads: independent calls are independent.
#pragma once

#include <cstddef>
#include <string>

#include "pickle/value.h"

namespace scoria::pickle {

struct SummaryOptions {
  std::size_t max_depth = 6;      // levels below the root; at most 50
  std::size_t max_children = 64;  // of the root and of objects; 4 of a list or dict
  std::size_t max_values = 6;     // first values of an array
  std::size_t max_text = 80;      // bytes of one text
  std::size_t max_nodes = 500;    // of the whole outline
};

// Lines of text, the first about the file, then one for each value, indented by its depth.
std::string summarize(const Document& document, const SummaryOptions& options = {});

// The same as one JSON object: format, version (the protocol), writer, compression, root. A node has label, type, class, length,
// dim, values (as text), children and more (how many children are not shown), where they apply.
std::string summarize_json(const Document& document, const SummaryOptions& options = {});

// "Python pickle, protocol 3, written by scikit-learn 0.19.2, zlib".
std::string describe_file(const Document& document);

// The classes of a model: "sklearn.pipeline.Pipeline of StandardScaler, OneClassSVM"; for what is no object its kind.
std::string describe_class(const Value& value);

}  // namespace scoria::pickle
