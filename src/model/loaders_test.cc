#include "model/loaders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "model/r_value_for_tests.h"

namespace scoria::model {
namespace {

using testing::HasSubstr;

TEST(Loaders, NameTheClassOfAnObjectThatIsNoModelAndTheClassesThatAre) {
  RValues values;
  const auto loaded = load_model(*values.object({{"x", values.real({1})}}, {"prophet", "list"}));
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, Code::unsupported);
  EXPECT_THAT(loaded.error().message, HasSubstr("class 'prophet', 'list'"));
  EXPECT_THAT(loaded.error().message, HasSubstr("gbm, randomForest"));
  EXPECT_THAT(load_model(*values.real({1, 2})).error().message, HasSubstr("(double vector)"));
}

TEST(Loaders, RefuseAModelOfTheRightClassAndTheWrongKind) {
  RValues values;
  for (const char* name : {"gbm", "randomForest"}) {
    const auto broken = values.with(values.real({1}), {{"class", values.character({name})}});
    const auto loaded = load_model(*broken);
    ASSERT_FALSE(loaded.ok()) << name;
    EXPECT_EQ(loaded.error().code, Code::corrupt);
  }
}

TEST(Loaders, ChooseAnObjectOfAWorkspaceByName) {
  const auto file = FileBytes::open(SCORIA_SOURCE_DIR "/tests/golden/gbm_stored_rdata/model.RData");
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(open_model(file.value().bytes(), "m").ok());
  const auto unnamed = open_model(file.value().bytes());
  ASSERT_FALSE(unnamed.ok());
  EXPECT_THAT(unnamed.error().message, HasSubstr("this workspace has 2 objects"));
  const auto absent = open_model(file.value().bytes(), "x");
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().code, Code::not_found);
  EXPECT_THAT(absent.error().message, HasSubstr("'m'"));
}

TEST(Loaders, RefuseAnObjectNameForAFileOfOneObject) {
  const auto file = FileBytes::open(SCORIA_SOURCE_DIR "/tests/golden/rf_reg_stump_only_root/model.rds");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(open_model(file.value().bytes(), "m").error().code, Code::invalid);
}

TEST(Loaders, NameTheClassOfAPythonModel) {
  const auto file = FileBytes::open(SCORIA_SOURCE_DIR "/tests/data/pickle/np2.isotonic.p0.gz");
  ASSERT_TRUE(file.ok());
  const auto loaded = open_model(file.value().bytes());
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, Code::unsupported);
  EXPECT_THAT(loaded.error().message,
              HasSubstr("the file's object is sklearn.isotonic.IsotonicRegression, which is none of the "));
  EXPECT_EQ(open_model(file.value().bytes(), {}, {.max_values = 10}).error().code, Code::too_large);
}

TEST(Loaders, PassTheirLimitsOn) {
  const auto file = FileBytes::open(SCORIA_SOURCE_DIR "/tests/golden/gbm_bernoulli/model.rds");
  ASSERT_TRUE(file.ok());
  const auto limited = open_model(file.value().bytes(), {}, {.max_values = 10});
  ASSERT_FALSE(limited.ok());
  EXPECT_EQ(limited.error().code, Code::too_large);
}

}  // namespace
}  // namespace scoria::model
