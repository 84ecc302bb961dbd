#include <gtest/gtest.h>

#include "table/csv.h"
#include "table/csv_reference.h"

namespace scoria::table {
namespace {

using reference::DribblingSource;

CsvReader open(std::string_view text, CsvOptions options = {}, std::size_t piece = 5) {
  return CsvReader::open(std::make_unique<DribblingSource>(text, piece), std::move(options)).value();
}

TEST(CsvReader, GivesTheHeaderBeforeAnyRow) {
  const CsvReader reader = open("\xEF\xBB\xBF\n a,\"b\"\n");
  EXPECT_EQ(reader.header(), (std::vector<std::string>{" a", "b"}));
}

TEST(CsvReader, BatchesHaveTheRowsAskedForAndThenEnd) {
  CsvReader reader = open("a\n1\n2\n3\n4\n5");
  EXPECT_EQ(reader.next(2).value()->rows(), 2u);
  EXPECT_EQ(reader.next(2).value()->rows(), 2u);
  EXPECT_EQ(reader.next(2).value()->column(0)->reals()[0], 5.0);
  EXPECT_EQ(reader.next(2).value(), std::nullopt);
  EXPECT_EQ(reader.next(2).value(), std::nullopt);
}

TEST(CsvReader, AHeaderWithoutRowsYieldsOneEmptyBatch) {
  CsvReader reader = open("a,b\n");
  const auto batch = reader.next(10).value();
  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(batch->rows(), 0u);
  EXPECT_EQ(batch->columns(), 2u);
  EXPECT_EQ(reader.next(10).value(), std::nullopt);
}

TEST(CsvReader, NumbersAreDoubleAsALaterBatchMayNeedIt) {
  CsvReader reader = open("a,b,c\n1,NA,TRUE\n2.5,3,FALSE\n");
  const auto first = reader.next(1).value();
  EXPECT_EQ(first->find("a")->type(), Type::real);
  EXPECT_EQ(first->find("b")->type(), Type::real);
  EXPECT_EQ(first->find("c")->type(), Type::logical);
  const auto second = reader.next(1).value();
  EXPECT_EQ(second->find("a")->reals()[0], 2.5);
  EXPECT_EQ(second->find("b")->reals()[0], 3.0);
}

TEST(CsvReader, AGivenTypeHoldsInEveryBatch) {
  CsvOptions options;
  options.types = {{"a", Type::integer}, {"b", Type::text}};
  CsvReader reader = open("a,b\n1,2\n3,x\n", options);
  EXPECT_EQ(reader.next(1).value()->find("a")->type(), Type::integer);
  EXPECT_EQ(reader.next(1).value()->find("b")->text_at(0), "x");
}

TEST(CsvReader, ALaterCellThatDoesNotFitSaysHowToFixIt) {
  CsvReader reader = open("a,b\n1,2\n3,4\n\"5\n\",x\n");
  ASSERT_TRUE(reader.next(2).ok());
  const auto failed = reader.next(2);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message,
            "input, line 4, column 'a': '5\\x0a' is not a double, which the first 2 rows made it; give the column's "
            "type, such as character, before reading");
}

TEST(CsvReader, AFlawIsFoundInTheBatchThatHoldsItAndStays) {
  CsvReader reader = open("a,b\n1,2\n3\n5,6\n");
  ASSERT_TRUE(reader.next(1).ok());
  EXPECT_EQ(reader.next(1).error().message, "input, line 3: the record has 1 field, the header has 2");
  EXPECT_FALSE(reader.next(1).ok());
}

TEST(CsvReader, AnEmptyInputIsRefusedWhenOpened) {
  EXPECT_FALSE(CsvReader::open(std::make_unique<DribblingSource>("", 1), {}).ok());
}

// Serves `rows` equal records without holding them, and fails after them if asked to.
class EndlessSource final : public ByteSource {
 public:
  EndlessSource(std::size_t rows, bool fails) : rows_(rows), fails_(fails) {}
  Result<std::size_t> read(std::span<char> into) override {
    if (rows_ == 0)
      return fails_ ? Result<std::size_t>(Error{Code::unavailable, "disk gone"}) : Result<std::size_t>(0u);
    std::size_t count = 0;
    for (; rows_ > 0 && count + kRow.size() <= into.size(); --rows_, count += kRow.size()) {
      std::memcpy(into.data() + count, kRow.data(), kRow.size());
    }
    largest_ = std::max(largest_, into.size());
    return count;
  }
  static constexpr std::string_view kRow = "12,3.5\n";
  std::size_t largest() const { return largest_; }

 private:
  std::size_t rows_;
  bool fails_;
  std::size_t largest_ = 0;
};

TEST(CsvReader, ReadsFarAheadOfNoBatch) {
  auto source = std::make_unique<EndlessSource>(3'000'000, false);
  const EndlessSource* watched = source.get();
  CsvReader reader = CsvReader::open(std::move(source), {}).value();
  std::size_t rows = 0;
  for (;;) {
    const auto batch = reader.next(1000).value();
    if (!batch) break;
    rows += batch->rows();
  }
  EXPECT_EQ(rows, 2'999'999u);  // the first is the header
  EXPECT_LT(watched->largest(), 1u << 20);
}

TEST(CsvReader, TheSourcesErrorComesThrough) {
  CsvReader reader = CsvReader::open(std::make_unique<EndlessSource>(3, true), {}).value();
  EXPECT_EQ(reader.next(10).error().code, Code::unavailable);
}

TEST(CsvReader, SmallBatchesOfALongInputStayCheap) {
  auto source = std::make_unique<EndlessSource>(200'000, false);
  CsvReader reader = CsvReader::open(std::move(source), {}).value();
  std::size_t rows = 0;
  while (reader.next(1).value()) ++rows;
  EXPECT_EQ(rows, 199'999u);
}

TEST(CsvReader, AVeryLongRecordIsRefusedBeforeItFillsTheMemory) {
  CsvOptions options;
  options.max_record_bytes = 1u << 20;
  const std::string text = "a\n\"" + std::string(8u << 20, 'x');
  CsvReader reader = open(text, options, 1u << 14);
  EXPECT_EQ(reader.next(1).error().code, Code::too_large);
}

}  // namespace
}  // namespace scoria::table
