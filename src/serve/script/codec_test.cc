#include "serve/script/codec.h"

#include <gtest/gtest.h>

#include <span>

#include "base/na.h"
#include "rdata/reader.h"
#include "serve/script/r_stream.h"

namespace scoria::serve::script {
namespace {

table::Table mixed() {
  table::Table table(2);
  table.add("x", table::Column::real({1.5, na_real()}));
  table.add("t\xc3\xa4", table::Column::text(std::vector<std::string>{"a\xc3\xbc", "b"}));
  table.add("f", table::Column::factor(
                     {1, -1}, std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"u", "v"})));
  return table;
}

TEST(RCodec, WritesADataFrameThatTheReaderOfRsFilesKnows) {
  const std::string bytes = make_r_codec()->encode(Question(mixed()));
  const auto read = rdata::read(std::as_bytes(std::span(bytes)));
  ASSERT_TRUE(read.ok()) << read.error().message;
  const auto& frame = read.value().root();
  EXPECT_TRUE(rdata::inherits(frame, "data.frame"));
  EXPECT_EQ(rdata::strings(*frame.attribute("names")), (std::vector<std::string>{"x", "t\xc3\xa4", "f"}));
  EXPECT_EQ(frame.items[0]->reals[0], 1.5);
  EXPECT_TRUE(is_na(frame.items[0]->reals[1]));
  EXPECT_EQ(rdata::strings(*frame.items[1]), (std::vector<std::string>{"a\xc3\xbc", "b"}));
  EXPECT_EQ(rdata::strings(*frame.items[2]), (std::vector<std::string>{"v", "NA"}));
  EXPECT_EQ(read.value().unread_bytes, 0u);
}

TEST(RCodec, RefusesAnswersThatAreNone) {
  Said said;
  EXPECT_FALSE(make_r_codec()->decode("", true, said).ok());
  RStream stream;
  stream.begin_list(1);
  stream.text("no columns");
  constexpr std::string_view kNames[]{"value"};
  stream.end_list(kNames);
  const std::string bytes = stream.take();
  EXPECT_FALSE(make_r_codec()->decode(bytes, true, said).ok());
  EXPECT_FALSE(make_r_codec()->decode(bytes, false, said).ok());
}

TEST(PythonCodec, WritesTheTableOfTheDocument) {
  table::Table table(2);
  table.add("x", table::Column::real({1, 2.5}));
  std::string hex;
  for (const unsigned char byte : make_python_codec()->encode(Question(table))) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  EXPECT_EQ(hex,
            "01000000"
            "0200000000000000"
            "64"
            "01000000"
            "1000000000000000"
            "78"
            "000000000000f03f"
            "0000000000000440");
}

TEST(PythonCodec, RefusesEveryTruncatedAnswer) {
  std::string value = make_python_codec()->encode(Question(mixed()));
  value = std::string("\1\0\0\0\5\0\0\0", 8) + std::string(1, static_cast<char>(value.size())) + std::string(7, '\0') +
          "value" + value;
  for (std::size_t size = 0; size < value.size(); ++size) {
    Said said;
    EXPECT_FALSE(make_python_codec()->decode(std::string_view(value).substr(0, size), true, said).ok()) << size;
  }
}

}  // namespace
}  // namespace scoria::serve::script
