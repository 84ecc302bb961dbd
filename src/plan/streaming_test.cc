#include "plan/streaming.h"

#include <gtest/gtest.h>

namespace scoria::plan {
namespace {

std::optional<std::string> reason_of(const std::string& features, const std::string& more = "") {
  const auto plan = parse_plan("name: p\ninput: {rows: rows.csv, second: second.csv}\nfeatures: {from: [rows], " +
                                   features + "}\nmodels: {file: m.rds, column: y" + more + "}\noutput: out.csv\n",
                               "p.yaml", {});
  EXPECT_TRUE(plan.ok()) << plan.error().message;
  return needs_all_rows(plan.value());
}

TEST(Streaming, RowByRowExpressionsNeedNoOtherRow) {
  EXPECT_EQ(reason_of("mutate: {a: (log(x) + 1) * 2, b: \"ifelse(x > 0, 1, 2)\"}, filter: x > 1"), std::nullopt);
  EXPECT_EQ(reason_of("drop_incomplete: true", ", then: exp(prediction)"), std::nullopt);
}

TEST(Streaming, WhatLooksBeyondARowIsNamed) {
  EXPECT_EQ(reason_of("mutate: {a: lag(x)}"), "lag() in features.mutate.a");
  EXPECT_EQ(reason_of("mutate: {a: x - mean(x)}"), "mean() in features.mutate.a");
  EXPECT_EQ(reason_of("filter: x > mean(x)"), "mean() in features.filter");
  EXPECT_EQ(reason_of("drop_incomplete: true", ", then: prediction - mean(prediction)"), "mean() in models.then");
  EXPECT_EQ(reason_of("group_by: x"), "features.group_by");
  EXPECT_EQ(reason_of("arrange: x"), "features.arrange");
}

TEST(Streaming, SeveralStackedInputsAndModelsOfGroupsNeedAllRows) {
  const auto plan = [](const std::string& from, const std::string& file) {
    return parse_plan("name: p\ninput: {rows: rows.csv, second: second.csv}\nfeatures: {from: " + from +
                          "}\nmodels: {file: \"" + file + "\", column: y}\noutput: out.csv\n",
                      "p.yaml", {});
  };
  EXPECT_EQ(needs_all_rows(plan("[rows, second]", "m.rds").value()), "features.from with several inputs");
  EXPECT_EQ(needs_all_rows(plan("[rows]", "m_{store}.rds").value()), "models.file with a model per group");
}

}  // namespace
}  // namespace scoria::plan
