#include "pool/resource_classes.h"

#include <gtest/gtest.h>

namespace scoria::pool {
namespace {

constexpr std::uint64_t kGib = 1ull << 30;

struct Case {
  const char* name;
  int cores;
  double memory_gib;
  int gpus;
};

class AzureSize : public ::testing::TestWithParam<Case> {};

TEST_P(AzureSize, HasItsCoresMemoryAndGpus) {
  const auto found = find_resource_class(GetParam().name, {});
  ASSERT_TRUE(found.has_value()) << GetParam().name;
  EXPECT_EQ(found->cores, GetParam().cores);
  EXPECT_EQ(found->memory_bytes, static_cast<std::uint64_t>(GetParam().memory_gib * kGib));
  EXPECT_EQ(found->gpus, GetParam().gpus);
}

INSTANTIATE_TEST_SUITE_P(Names, AzureSize,
                         ::testing::Values(Case{"standard_a1_v2", 1, 2, 0}, Case{"Standard_D1_v2", 1, 3.5, 0},
                                           Case{"STANDARD_D2_V2", 2, 7, 0}, Case{"Standard_F2", 2, 4, 0},
                                           Case{"standard_ds14_v2", 16, 112, 0}, Case{"Standard_D4s_v3", 4, 16, 0},
                                           Case{"standard_d96ads_v5", 96, 384, 0}, Case{"Standard_E8_v3", 8, 64, 0},
                                           Case{"standard_e4s_v4", 4, 32, 0}, Case{"standard_f72s_v2", 72, 144, 0},
                                           Case{"Standard_NC6", 6, 56, 1}, Case{"standard_nc24rs_v3", 24, 448, 4},
                                           Case{"standard_nv12", 12, 112, 2}, Case{"standard_nd40rs_v2", 40, 672, 8}));

TEST(ResourceClasses, KnowsNoOtherNames) {
  for (const char* name : {"", "standard", "standard_d3_v3", "standard_d4x_v3", "standard_d4s_v9", "d2_v2",
                           "standard_d99999999999999999999_v3", "standard_e4s_v4 "}) {
    EXPECT_FALSE(find_resource_class(name, {}).has_value()) << name;
  }
}

TEST(ResourceClasses, NamesAreLowerCase) {
  EXPECT_EQ(find_resource_class("Standard_D2_V2", {})->name, "standard_d2_v2");
}

TEST(ResourceClasses, TheConfigurationsOwnComeFirst) {
  const std::map<std::string, ResourceClass> own = {{"Standard_D2_v2", {"", 1, kGib, 0}},
                                                    {"big", {"big", 64, 512 * kGib, 2}}};
  EXPECT_EQ(find_resource_class("standard_d2_v2", own)->cores, 1);
  EXPECT_EQ(find_resource_class("standard_d2_v2", own)->name, "standard_d2_v2");
  EXPECT_EQ(find_resource_class("BIG", own)->gpus, 2);
  EXPECT_EQ(find_resource_class("standard_d3_v2", own)->cores, 4);
}

}  // namespace
}  // namespace scoria::pool
