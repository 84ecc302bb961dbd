#include "serve/catalog.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <future>
#include <limits>
#include <thread>

#include "serve/version_for_tests.h"

namespace scoria::serve {
namespace {

// Tells where it was let go, and holds itself until it is stopped, as a request does that runs.
class Held final : public VersionForTests {
 public:
  explicit Held(std::promise<std::thread::id>& gone) : VersionForTests("a"), gone_(gone) {}
  ~Held() override { gone_.set_value(std::this_thread::get_id()); }
  void stop() const override { held.reset(); }
  mutable ServiceVersionPtr held;

 private:
  std::promise<std::thread::id>& gone_;
};

ServiceVersionPtr named(const std::string& service, const std::string& version) {
  return std::make_shared<VersionForTests>(service, version);
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

TEST(Catalog, LetsGoOfAVersionWhereNobodyWaitsOnceNoRequestHoldsIt) {
  std::promise<std::thread::id> promise;
  auto gone = promise.get_future();
  Catalog catalog;
  auto request = std::make_shared<Held>(promise);
  catalog.put(request);
  catalog.put(named("a", "1"));
  EXPECT_EQ(gone.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  request.reset();
  ASSERT_EQ(gone.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_NE(gone.get(), std::this_thread::get_id());
}

TEST(Catalog, IsClosedWhenWhatRunsHasEnded) {
  std::promise<std::thread::id> promise;
  auto gone = promise.get_future();
  Catalog catalog;
  auto version = std::make_shared<Held>(promise);
  version->held = version;
  catalog.put(version);
  catalog.put(named("b", "1"));
  version.reset();
  EXPECT_TRUE(catalog.close(std::chrono::seconds(10)));
  EXPECT_EQ(gone.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_EQ(catalog.find("", ""), nullptr);
}

TEST(Catalog, SaysThatAVersionIsHeldWhenItIsClosed) {
  Catalog catalog;
  const auto held = named("a", "1");
  catalog.put(held);
  EXPECT_FALSE(catalog.close(std::chrono::milliseconds(50)));
}

}  // namespace
}  // namespace scoria::serve
