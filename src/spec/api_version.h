// Versions of Azure Batch's REST API, "2018-12-01.8.0". Source: Azure Batch REST API, versions. Threads: plain values.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/result.h"

namespace scoria::spec {

// Ordered by date. Known ones from 2017-05-01.5.0 to 2025-06-01 are accepted; before and behind the table's ends the nearest shape answers.
struct ApiVersion {
  int date = 20221001;  // yyyymmdd
  auto operator<=>(const ApiVersion&) const = default;

  // Errors: invalid, api_code MissingRequiredQueryParameter (empty), UnsupportedRequestVersion (not a known version), each naming
  // the newest that is known.
  static Result<ApiVersion> parse(std::string_view text);
};

// Where shapes change (reference: the table in docs/batch-api.md).
inline constexpr ApiVersion kValidationStatusGone{20180801};
inline constexpr ApiVersion kResourceFileUrls{20181201};  // httpUrl ... instead of blobSource; retention P7D
inline constexpr ApiVersion kSupportedImages{20190601};
inline constexpr ApiVersion kWaitForSuccessDefault{20190801};  // true; autoUser scope default pool
inline constexpr ApiVersion kTaskSlots{20200901};              // taskSlotsPerNode, requiredSlots, nested taskcounts
inline constexpr ApiVersion kNewest{20221001};

}  // namespace scoria::spec
