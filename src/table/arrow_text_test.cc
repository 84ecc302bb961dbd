#include "table/arrow_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace scoria::table {
namespace {

std::string date(std::int64_t days) {
  std::string text;
  return append_date(days, text) ? text : "refused";
}

std::string timestamp(std::int64_t ticks, std::int64_t per_second) {
  std::string text;
  return append_timestamp(ticks, per_second, text) ? text : "refused";
}

// R: format(as.Date(c(0, 18266, -719528, 2932896, -1, 11016), origin = "1970-01-01")).
TEST(ArrowText, DatesAreThoseOfRsCalendar) {
  EXPECT_EQ(date(0), "1970-01-01");
  EXPECT_EQ(date(18266), "2020-01-05");
  EXPECT_EQ(date(-719528), "0000-01-01");
  EXPECT_EQ(date(2932896), "9999-12-31");
  EXPECT_EQ(date(-1), "1969-12-31");
  EXPECT_EQ(date(11016), "2000-02-29");
}

TEST(ArrowText, DaysBeyondTheYear9999AreRefused) {
  EXPECT_EQ(date(2932897), "refused");
  EXPECT_EQ(date(-719529), "refused");
  EXPECT_EQ(timestamp(std::numeric_limits<std::int64_t>::max(), 1), "refused");
  EXPECT_EQ(timestamp(std::numeric_limits<std::int64_t>::min(), 1), "refused");
}

TEST(ArrowText, AFractionIsWrittenOnlyWhereThereIsOne) {
  EXPECT_EQ(timestamp(1578218400, 1), "2020-01-05 10:00:00");
  EXPECT_EQ(timestamp(1578218400000, 1000), "2020-01-05 10:00:00");
  EXPECT_EQ(timestamp(1578218400250, 1000), "2020-01-05 10:00:00.25");
  EXPECT_EQ(timestamp(1578218400000000001, 1'000'000'000), "2020-01-05 10:00:00.000000001");
}

TEST(ArrowText, TimesBefore1970CountDownwards) {
  EXPECT_EQ(timestamp(-1, 1), "1969-12-31 23:59:59");
  EXPECT_EQ(timestamp(-1, 1000), "1969-12-31 23:59:59.999");
  EXPECT_EQ(timestamp(std::numeric_limits<std::int64_t>::min(), 1'000'000'000), "1677-09-21 00:12:43.145224192");
}

TEST(ArrowText, ATimeOfDayIsWithinADay) {
  std::string text;
  EXPECT_TRUE(append_time(86'399'999, 1000, text));
  EXPECT_EQ(text, "23:59:59.999");
  EXPECT_FALSE(append_time(86'400, 1, text));
  EXPECT_FALSE(append_time(-1, 1, text));
}

// The values of IEEE 754 binary16: smallest subnormal, largest, one third.
TEST(ArrowText, HalfFloatsAreExact) {
  EXPECT_EQ(half_to_double(0x0001), 0x1p-24);
  EXPECT_EQ(half_to_double(0x7BFF), 65504.0);
  EXPECT_EQ(half_to_double(0x3555), 0x1.554p-2);
  EXPECT_EQ(half_to_double(0xC000), -2.0);
  EXPECT_EQ(half_to_double(0xFC00), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(half_to_double(0x7E00)));
  EXPECT_TRUE(std::signbit(half_to_double(0x8000)));
}

TEST(ArrowText, ADecimalIsTheNearestDouble) {
  const std::int64_t narrow = -12345;
  EXPECT_EQ(decimal_to_double(&narrow, 8, 2), -123.45);
  const std::int32_t third = 1;
  EXPECT_EQ(decimal_to_double(&third, 4, 1), 0.1);
  const std::uint64_t wide[2] = {10000000000000000000ull, 0};  // 10^19, which needs more than 64 bits with its sign
  EXPECT_EQ(decimal_to_double(wide, 16, 19), 1.0);
  const std::uint64_t minus_one[2] = {~0ull, ~0ull};
  EXPECT_EQ(decimal_to_double(minus_one, 16, 0), -1.0);
  const std::uint64_t least[2] = {0, 1ull << 63};  // -2^127
  EXPECT_EQ(decimal_to_double(least, 16, 10), -0x1p127 / 1e10);
}

TEST(ArrowText, AWholeDecimalBeyondTwoToThe53IsRefused) {
  const std::int64_t most = 1ll << 53;
  EXPECT_EQ(decimal_to_double(&most, 8, 0), 0x1p53);
  const std::int64_t more = most + 1;
  EXPECT_EQ(decimal_to_double(&more, 8, 0), std::nullopt);
  EXPECT_EQ(decimal_to_double(&most, 8, -1), std::nullopt);
}

}  // namespace
}  // namespace scoria::table
