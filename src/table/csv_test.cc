#include "table/csv.h"

#include <gtest/gtest.h>

namespace scoria::table {
namespace {

TEST(ReadCsv, Smoke) {
  const Table t = read_csv("a,b,c\n1,2.5,x\n3,NA,\"y,z\"\n").value();
  EXPECT_EQ(t.rows(), 2u);
  EXPECT_EQ(t.find("a")->integers()[1], 3);
  EXPECT_EQ(t.find("b")->reals()[0], 2.5);
  EXPECT_TRUE(t.find("b")->is_null(1));
  EXPECT_EQ(t.find("c")->text_at(1), "y,z");
  std::string out;
  append_csv_header(t, out);
  append_csv_rows(t, out);
  EXPECT_EQ(out, "a,b,c\n1,2.5,\"x\"\n3,NA,\"y,z\"\n");
}

}  // namespace
}  // namespace scoria::table
