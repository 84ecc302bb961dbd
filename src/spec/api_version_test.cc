#include "spec/api_version.h"

#include <gtest/gtest.h>

#include "spec/errors.h"

namespace scoria::spec {
namespace {

TEST(ApiVersion, KnowsThoseThatClientsSend) {
  for (const char* known : {"2017-05-01.5.0", "2018-03-01.6.1", "2018-08-01.7.0", "2018-12-01.8.0", "2019-08-01.10.0",
                            "2020-09-01.12.0", "2022-10-01.16.0", "2023-05-01.17.0", "2024-07-01.20.0", "2025-06-01"}) {
    EXPECT_TRUE(ApiVersion::parse(known).ok()) << known;
  }
  EXPECT_EQ(ApiVersion::parse("2018-12-01.8.0").value().date, 20181201);
  EXPECT_EQ(ApiVersion::parse("2022-10-01.16.0").value(), kNewest);
}

TEST(ApiVersion, IsOrderedByDate) {
  EXPECT_LT(ApiVersion::parse("2018-03-01.6.1").value(), kValidationStatusGone);
  EXPECT_EQ(ApiVersion::parse("2018-12-01.8.0").value(), kResourceFileUrls);
  EXPECT_GT(ApiVersion::parse("2024-07-01.20.0").value(), kNewest);
}

TEST(ApiVersion, RefusesWhatItDoesNotKnowNamingTheNewest) {
  for (const char* unknown : {"2018-12-01.9.0", "2018-12-02", "1999-01-01.1.0", "latest", "2018-12-01.8.0 ", "2018"}) {
    const auto version = ApiVersion::parse(unknown);
    ASSERT_FALSE(version.ok()) << unknown;
    EXPECT_EQ(version.error().api_code, "UnsupportedRequestVersion");
    EXPECT_EQ(http_status(version.error()), 400);
    EXPECT_NE(version.error().message.find("2022-10-01.16.0"), std::string::npos);
  }
  const auto missing = ApiVersion::parse("");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().api_code, "MissingRequiredQueryParameter");
}

}  // namespace
}  // namespace scoria::spec
