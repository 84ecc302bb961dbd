#include "model/tree/r_rpart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/na.h"
#include "model/r_value_for_tests.h"
#include "rdata/reader.h"

namespace scoria::model::tree {
namespace {

using testing::HasSubstr;
using ValuePtr = RValues::ValuePtr;

// A small tree from R, of numbers and a factor, whose slots a test replaces.
class RRpart : public testing::Test {
 protected:
  void SetUp() override {
    const auto file = FileBytes::open(SCORIA_SOURCE_DIR "/tests/fuzz/seeds/model/rpart_regression.rds");
    ASSERT_TRUE(file.ok()) << file.error().message;
    auto read = rdata::read(file.value().bytes());
    ASSERT_TRUE(read.ok()) << read.error().message;
    document_ = std::make_unique<rdata::Document>(std::move(read).value());
    const rdata::Value& root = document_->root();
    const auto names = rdata::strings(*root.attribute("names"));
    for (std::size_t i = 0; i < names.size(); ++i) object.set(names[i], root.items[i]);
    const rdata::Value& table = *rdata::member(root, "frame");
    const auto columns = rdata::strings(*table.attribute("names"));
    for (std::size_t i = 0; i < columns.size(); ++i) frame.set(columns[i], table.items[i]);
    row_names = table.attribute("row.names");
    xlevels = root.attribute("xlevels");
    nodes = rdata::member(table, "n")->size();
  }

  ValuePtr slot(const std::string& name) const { return rdata::member(document_->root(), name); }
  // As it is in the file, with other numbers.
  ValuePtr matrix(const std::string& name, std::vector<double> numbers) {
    std::vector<std::pair<std::string, ValuePtr>> attributes;
    for (const rdata::Named& attribute : slot(name)->attributes) {
      attributes.emplace_back(std::string(attribute.name), attribute.value);
    }
    return values.with(values.real(std::move(numbers)), attributes);
  }
  std::vector<double> numbers(const std::string& name) const {
    const rdata::Value& value = *slot(name);
    if (value.kind == rdata::Kind::real) return {value.reals.begin(), value.reals.end()};
    return {value.integers.begin(), value.integers.end()};
  }
  std::size_t split_rows() const { return numbers("splits").size() / 5; }

  Result<ModelPtr> load() {
    RSlots whole = object;
    std::vector<std::pair<std::string, ValuePtr>> kept;
    const ValuePtr plain = frame.object(values, {"data.frame"});
    for (const rdata::Named& attribute : plain->attributes) kept.emplace_back(attribute.name, attribute.value);
    if (row_names != nullptr) kept.emplace_back("row.names", row_names);
    whole.set("frame", values.with(plain, kept));
    const ValuePtr made = whole.object(values, {"rpart"});
    std::vector<std::pair<std::string, ValuePtr>> attributes;
    for (const rdata::Named& attribute : made->attributes) attributes.emplace_back(attribute.name, attribute.value);
    attributes.emplace_back("xlevels", xlevels);
    if (ylevels != nullptr) attributes.emplace_back("ylevels", ylevels);
    return load_r_rpart(*values.with(made, attributes));
  }
  std::string load_error() {
    const auto loaded = load();
    return loaded.ok() ? "it was loaded" : loaded.error().message;
  }

  RValues values;
  RSlots object;
  RSlots frame;
  ValuePtr row_names = nullptr;
  ValuePtr xlevels = nullptr;
  ValuePtr ylevels = nullptr;
  std::size_t nodes = 0;

 private:
  std::unique_ptr<rdata::Document> document_;
};

TEST_F(RRpart, LoadsAsRStoredIt) { EXPECT_EQ(load_error(), "it was loaded"); }

TEST_F(RRpart, NamesASlotThatIsAbsentOrOfAnotherType) {
  for (const char* name : {"var", "n", "ncompete", "nsurrogate", "yval"}) {
    const RSlots whole = frame;
    frame.drop(name);
    EXPECT_THAT(load_error(), HasSubstr("rpart object$frame: slot '" + std::string(name) + "' is absent"));
    frame.set(name, values.list({}));
    EXPECT_THAT(load_error(), HasSubstr("slot '" + std::string(name) + "' is a list"));
    frame = whole;
  }
  for (const char* name : {"terms", "control", "splits"}) {
    const RSlots whole = object;
    object.drop(name);
    EXPECT_THAT(load_error(), HasSubstr("rpart object: slot '" + std::string(name) + "' is absent"));
    object = whole;
  }
}

TEST_F(RRpart, RefusesColumnsOfDifferentLengths) {
  frame.set("n", values.integer(std::vector<std::int32_t>(nodes + 1, 1)));
  EXPECT_THAT(load_error(), HasSubstr("slot 'frame' has columns of different lengths"));
}

TEST_F(RRpart, RefusesRowNamesThatAreNoNodeNumbers) {
  row_names = values.character(std::vector<std::string>(nodes, "a"));
  EXPECT_THAT(load_error(), HasSubstr("a row named 'a'"));
  row_names = values.character(std::vector<std::string>(nodes, "99999999999999999999"));
  EXPECT_THAT(load_error(), HasSubstr("must be a node's number"));
  row_names = nullptr;
  EXPECT_THAT(load_error(), HasSubstr("row names that are not its nodes' numbers"));
}

TEST_F(RRpart, RefusesNodesThatNeedMoreSplitsThanThereAre) {
  for (const std::int32_t many : {1000, INT32_MAX, -1}) {
    frame.set("nsurrogate", values.integer(std::vector<std::int32_t>(nodes, many)));
    EXPECT_THAT(load_error(), HasSubstr("slot 'splits' has fewer rows than the nodes up to node 1 need")) << many;
  }
}

TEST_F(RRpart, RefusesASplitThatIsNone) {
  std::vector<double> splits = numbers("splits");
  splits[split_rows()] = 0;  // ncat of the first
  object.set("splits", matrix("splits", splits));
  EXPECT_THAT(load_error(), HasSubstr("slot 'splits' row 1 (x) has an ncat"));
  splits[split_rows()] = -1;
  splits[3 * split_rows()] = na_real();  // its index
  object.set("splits", matrix("splits", splits));
  EXPECT_THAT(load_error(), HasSubstr("row 1 (x) has no threshold"));
}

TEST_F(RRpart, RefusesARowOfCsplitThatIsNotThere) {
  std::vector<double> splits = numbers("splits");
  for (std::size_t row = 0; row < split_rows(); ++row) {
    if (splits[split_rows() + row] >= 2) splits[3 * split_rows() + row] = 1e6;
  }
  object.set("splits", matrix("splits", splits));
  EXPECT_THAT(load_error(), HasSubstr("has an index outside csplit"));
}

TEST_F(RRpart, RefusesSidesOtherThanLeftAbsentAndRight) {
  object.set("csplit", matrix("csplit", std::vector<double>(numbers("csplit").size(), 4)));
  EXPECT_THAT(load_error(), HasSubstr("slot 'csplit' holds a number other than 1, 2 and 3"));
}

TEST_F(RRpart, RefusesClassesThatDoNotFitTheNodes) {
  ylevels = values.character({"no", "yes"});
  EXPECT_THAT(load_error(), HasSubstr("yval2 of 0 columns, must be 6 for 2 classes"));
  std::vector<std::pair<std::string, ValuePtr>> dim{{"dim", values.integer({static_cast<std::int32_t>(nodes), 6})}};
  frame.set("yval2", values.with(values.real(std::vector<double>(6 * nodes, 0.5)), dim));
  frame.set("yval", values.real(std::vector<double>(nodes, 3)));
  EXPECT_THAT(load_error(), HasSubstr("yval that is not the number of a class"));
  frame.set("yval", values.real(std::vector<double>(nodes, 2)));
  EXPECT_EQ(load_error(), "it was loaded");
}

TEST_F(RRpart, RefusesVariablesThatTheFormulaLacks) {
  const auto dimension_names =
      values.list({values.character(std::vector<std::string>(split_rows(), "other")), values.null()});
  object.set("splits", values.with(values.real(numbers("splits")),
                                   {{"dim", slot("splits")->attribute("dim")}, {"dimnames", dimension_names}}));
  EXPECT_THAT(load_error(), HasSubstr("slot 'splits' names 'other', which the terms do not have"));
}

}  // namespace
}  // namespace scoria::model::tree
