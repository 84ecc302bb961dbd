#include "cli/score_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "table/csv.h"

namespace scoria::cli {
namespace {

using table::Column;
using table::Table;
using testing::HasSubstr;

Table numbers(const std::string& name, std::vector<double> values) {
  Table table;
  table.add(name, Column::real(std::move(values)));
  return table;
}

class ScoreOutputTest : public testing::Test {
 protected:
  ScoreOutput output(std::vector<std::string> types) {
    return ScoreOutput(std::move(types), [this](const Table& rows) -> Status {
      if (written_.empty()) table::append_csv_header(rows, written_);
      table::append_csv_rows(rows, written_);
      return Ok{};
    });
  }
  std::string written_;
};

TEST_F(ScoreOutputTest, GivesRowsBeforeTheFirstModelItsColumns) {
  ScoreOutput out = output({});
  ASSERT_TRUE(out.add(numbers("id", {1, 2}), Table(2)).ok());
  EXPECT_EQ(written_, "");
  ASSERT_TRUE(out.add(numbers("id", {3}), numbers("predict", {0.5})).ok());
  ASSERT_TRUE(out.add(numbers("id", {4}), Table(1)).ok());
  ASSERT_TRUE(out.finish().ok());
  EXPECT_EQ(written_, "id,predict\n1,NA\n2,NA\n3,0.5\n4,NA\n");
}

TEST_F(ScoreOutputTest, HasAColumnForEachTypeWhereNoModelWasThere) {
  ScoreOutput out = output({"predict", "decision"});
  ASSERT_TRUE(out.add(numbers("id", {1}), Table(1)).ok());
  ASSERT_TRUE(out.finish().ok());
  EXPECT_EQ(written_, "id,predict,decision\n1,NA,NA\n");
}

TEST_F(ScoreOutputTest, RefusesAColumnThatCameTooLate) {
  ScoreOutput out = output({});
  ASSERT_TRUE(out.add(Table(1), numbers("proba:a", {1})).ok());
  const Status late = out.add(Table(1), numbers("proba:b", {1}));
  ASSERT_FALSE(late.ok());
  EXPECT_THAT(late.error().message, HasSubstr("'proba:b'"));
}

}  // namespace
}  // namespace scoria::cli
