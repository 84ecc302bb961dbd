// Reads a request of the Open Inference Protocol V2: tensors in JSON, or as bytes behind it, become rows.
// Source: Open Inference Protocol (REST), Triton's binary data extension. Threads: free function.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/row_builder.h"

namespace scoria::serve {

// What the answer must have.
struct InferenceRequest {
  std::string id;
  bool has_id = false;
  bool is_binary = false;
  std::vector<std::pair<std::string, bool>> outputs;  // name, binary; empty: all
};

// `json_length` is the header Inference-Header-Content-Length, where there is one. The rows' own mistakes are left to RowBuilder::finish().
// Throws Refusal.
InferenceRequest read_inference_request(std::string_view body, std::optional<std::string_view> json_length,
                                        RowBuilder& rows);

// What the request itself tells of its columns, for a service that knows none: each tensor's name and kind; those of a tensor of several columns are
// x0, x1, .... Throws Refusal.
model::Description find_tensor_features(std::string_view body, std::optional<std::string_view> json_length);

}  // namespace scoria::serve
