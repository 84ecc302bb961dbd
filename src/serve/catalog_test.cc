#include "serve/catalog.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace scoria::serve {
namespace {

class Named final : public ServiceVersion {
 public:
  using ServiceVersion::ServiceVersion;
  const char* kind() const override { return "model"; }
  const std::string& sha256() const override { return none_; }
  const model::Description& description() const override { return about_; }
  const Schema* schema() const override { return nullptr; }

 private:
  std::string none_;
  model::Description about_;
};

ServiceVersionPtr named(const std::string& service, const std::string& version) {
  return std::make_shared<Named>(service, version);
}

TEST(Catalog, GivesTheFirstVersionAllAndLaterOnesNothing) {
  Catalog catalog;
  EXPECT_EQ(catalog.find("", ""), nullptr);
  catalog.put(named("a", "1"));
  catalog.put(named("a", "2"));
  catalog.put(named("b", "1"));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(catalog.find("a", "")->version(), "1");
  EXPECT_EQ(catalog.find("", "")->service(), "a");
  EXPECT_EQ(catalog.find("a", "2")->version(), "2");
  EXPECT_EQ(catalog.find("a", "3"), nullptr);
  EXPECT_EQ(catalog.find("c", ""), nullptr);
}

TEST(Catalog, DividesRequestsByWeight) {
  Catalog catalog;
  for (const auto* version : {"1", "2", "3"}) catalog.put(named("a", version));
  ASSERT_TRUE(catalog.set_weights("a", {{"1", 90}, {"3", 30}}).ok());
  const auto all = catalog.services();
  const Service& service = all->front();
  EXPECT_EQ(service.choose(0)->version(), "1");
  EXPECT_EQ(service.choose(0.7499)->version(), "1");
  EXPECT_EQ(service.choose(0.7501)->version(), "3");
  EXPECT_EQ(service.choose(std::nextafter(1.0, 0.0))->version(), "3");
  int first = 0;
  constexpr int kDraws = 20'000;
  for (int i = 0; i < kDraws; ++i) first += catalog.find("a", "")->version() == "1" ? 1 : 0;
  // Five standard deviations of a binomial with p = 0.75.
  EXPECT_NEAR(first, kDraws * 0.75, 5 * std::sqrt(kDraws * 0.75 * 0.25));
}

TEST(Catalog, KeepsTheWeightOfAVersionThatIsReplaced) {
  Catalog catalog;
  catalog.put(named("a", "1"));
  catalog.put(named("a", "2"));
  ASSERT_TRUE(catalog.set_weights("a", {{"2", 1}}).ok());
  const auto again = named("a", "2");
  const auto before = catalog.services();
  catalog.put(again);
  EXPECT_EQ(catalog.find("a", ""), again);
  EXPECT_NE(before->front().versions[1], again) << "who looked before still sees the old one";
}

TEST(Catalog, RefusesWeightsThatLeaveNothing) {
  Catalog catalog;
  catalog.put(named("a", "1"));
  EXPECT_EQ(catalog.set_weights("a", {{"1", 0}}).error().code, Code::invalid);
  EXPECT_EQ(catalog.set_weights("a", {{"1", -1}}).error().code, Code::invalid);
  EXPECT_EQ(catalog.set_weights("a", {{"1", std::numeric_limits<double>::quiet_NaN()}}).error().code, Code::invalid);
  EXPECT_EQ(catalog.set_weights("a", {{"2", 1}}).error().code, Code::not_found);
  EXPECT_EQ(catalog.set_weights("b", {{"1", 1}}).error().code, Code::not_found);
  EXPECT_EQ(catalog.find("a", "")->version(), "1");
}

TEST(Catalog, RemovesWhatGetsNoRequests) {
  Catalog catalog;
  catalog.put(named("a", "1"));
  catalog.put(named("a", "2"));
  EXPECT_EQ(catalog.remove("a", "1").error().code, Code::conflict);
  EXPECT_TRUE(catalog.remove("a", "2").ok());
  EXPECT_TRUE(catalog.remove("a", "1").ok()) << "the last one goes with its service";
  EXPECT_TRUE(catalog.services()->empty());
  EXPECT_EQ(catalog.remove("a").error().code, Code::not_found);
}

}  // namespace
}  // namespace scoria::serve
