#include "spec/api_version.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "spec/errors.h"

namespace scoria::spec {
namespace {

// Versions that Azure Batch has published. From 2024-07 clients write the date alone; both forms are taken of all.
constexpr std::array<std::string_view, 18> kKnown = {
    "2017-05-01.5.0",  "2017-06-01.5.1",  "2017-09-01.6.0",  "2018-03-01.6.1",  "2018-08-01.7.0",  "2018-12-01.8.0",
    "2019-06-01.9.0",  "2019-08-01.10.0", "2020-03-01.11.0", "2020-09-01.12.0", "2021-06-01.14.0", "2022-01-01.15.0",
    "2022-10-01.16.0", "2023-05-01.17.0", "2023-11-01.18.0", "2024-02-01.19.0", "2024-07-01.20.0", "2025-06-01",
};

// yyyymmdd of "yyyy-mm-dd".
int date_of(std::string_view known) {
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    std::from_chars(known.data() + at, known.data() + at + size, value);
    return value;
  };
  return number(0, 4) * 10000 + number(5, 2) * 100 + number(8, 2);
}

}  // namespace

Result<ApiVersion> ApiVersion::parse(std::string_view text) {
  constexpr std::size_t kDate = 10;
  if (text.empty()) {
    return batch_error("MissingRequiredQueryParameter",
                       "the query parameter api-version is required; the newest is 2022-10-01.16.0",
                       {{"QueryParameterName", "api-version"}});
  }
  for (const auto known : kKnown) {
    if (text == known || text == known.substr(0, kDate)) return ApiVersion{date_of(known)};
  }
  return batch_error("UnsupportedRequestVersion",
                     "api-version '" + std::string(text.substr(0, 64)) +
                         "' is not known: 2017-05-01.5.0 to 2025-06-01 are; the newest shape is 2022-10-01.16.0",
                     {{"QueryParameterName", "api-version"}});
}

}  // namespace scoria::spec
