#include "serve/traffic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace scoria::serve {
namespace {

using testing::HasSubstr;

TEST(Traffic, CountsRequestsByProtocolAndStatus) {
  Traffic traffic;
  for (const int status : {200, 200, 400, 418}) {
    traffic.begin();
    traffic.end(Protocol::inference, status, 3, 20e-6);
  }
  traffic.begin();
  const std::string text = traffic_metrics({{"a", "1", &traffic}});
  EXPECT_THAT(text, HasSubstr(R"(serve_requests_total{service="a",version="1",protocol="inference_v2",code="200"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(code="other"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(serve_rows_total{service="a",version="1"} 12)"));
  EXPECT_THAT(text, HasSubstr(R"(serve_inflight{service="a",version="1"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(serve_request_duration_seconds_bucket{service="a",version="1",le="1e-05"} 0)"));
  EXPECT_THAT(text, HasSubstr(R"(serve_request_duration_seconds_bucket{service="a",version="1",le="2.5e-05"} 4)"));
  EXPECT_THAT(text, HasSubstr(R"(serve_request_duration_seconds_bucket{service="a",version="1",le="+Inf"} 4)"));
  EXPECT_THAT(text, HasSubstr(R"(serve_request_duration_seconds_count{service="a",version="1"} 4)"));
  EXPECT_EQ(traffic.requests(), 4u);
}

TEST(Traffic, WritesEachFamilyInOnePiece) {
  Traffic one, two;
  one.begin();
  one.end(Protocol::plumber, 200, 1, 1);
  const std::string text = traffic_metrics({{"a", "1", &one}, {"b", "1", &two}});
  std::set<std::string> seen;
  std::string family;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(seen.insert(family).second) << family;
    } else if (!line.starts_with('#')) {
      EXPECT_TRUE(line.starts_with(family)) << line;
    }
  }
}

TEST(Traffic, EscapesLabels) { EXPECT_EQ(metric_labels("a", "v\"1\\\n"), R"({service="a",version="v\"1\\\n"})"); }

}  // namespace
}  // namespace scoria::serve
