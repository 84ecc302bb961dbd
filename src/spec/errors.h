// Azure Batch's error codes: each with its HTTP status and the words that people get where a caller has none of its own.
// Source: Azure Batch REST API, "Batch status and error codes". Threads: free functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace scoria::spec {

// An Error whose api_code is `code` ("PoolNotFound"), which must be in the table; `message` is a sentence for people, `values` go
// into the reply's "values" ({"PropertyName": "taskSlotsPerNode"}).
Error batch_error(std::string_view code, std::string message = {},
                  std::vector<std::pair<std::string, std::string>> values = {});

// The HTTP status of an error: by its api_code where that is Azure Batch's, else by its Code.
int http_status(const Error& error);

// {"odata.metadata", "code", "message": {"lang", "value"}, "values"}: the body of a reply, with "RequestId:" and "Time:" lines in the text.
std::string error_body(const Error& error, std::string_view base_url, std::string_view request_id,
                       std::string_view time);

}  // namespace scoria::spec
