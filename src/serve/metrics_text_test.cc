#include "serve/metrics_text.h"

#include <gtest/gtest.h>

namespace scoria::serve {
namespace {

TEST(JoinMetrics, PutsAFamilysSamplesUnderOneHead) {
  const std::string one =
      "# HELP a What.\n# TYPE a gauge\na{s=\"1\"} 1\n# HELP b Else.\n# TYPE b counter\nb{s=\"1\"} 2\n";
  const std::string two = "# HELP a What.\n# TYPE a gauge\na{s=\"2\"} 3\n";
  EXPECT_EQ(
      join_metrics({one, two}),
      "# HELP a What.\n# TYPE a gauge\na{s=\"1\"} 1\na{s=\"2\"} 3\n# HELP b Else.\n# TYPE b counter\nb{s=\"1\"} 2\n");
  EXPECT_EQ(join_metrics({}), "");
}

}  // namespace
}  // namespace scoria::serve
