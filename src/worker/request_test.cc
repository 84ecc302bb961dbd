#include "worker/request.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "worker/package_set.h"

namespace scoria::worker {
namespace {

using nlohmann::json;

json asks(json wanted) { return {{"template", std::move(wanted)}}; }

TEST(TemplateRequests, AreEqualWhereTheirTemplatesAre) {
  const auto one = read_template(asks({{"runtime", "r"},
                                       {"program", "/bin/sh"},
                                       {"preload", {"caret", "gbm"}},
                                       {"environment", {{"PATH", "/bin"}, {"A", "1"}}}}));
  const auto same = read_template(asks({{"environment", {{"A", "1"}, {"PATH", "/bin"}}},
                                        {"preload", {"caret", "gbm"}},
                                        {"program", "sh"},
                                        {"runtime", "r"}}));
  ASSERT_TRUE(one.ok() && same.ok());
  EXPECT_EQ(one.value().key(), same.value().key());
  EXPECT_EQ(one.value().preload, "caret,gbm");
  EXPECT_EQ(one.value().environment, (std::vector<std::string>{"A=1", "PATH=/bin"}));
  const auto other = read_template(asks({{"runtime", "r"},
                                         {"program", "/bin/sh"},
                                         {"preload", {"caret", "gbm"}},
                                         {"environment", {{"PATH", "/bin"}, {"A", "2"}}}}));
  EXPECT_NE(other.value().key(), one.value().key());
}

TEST(TemplateRequests, AreRefusedByTheNameOfWhatIsWrong) {
  const auto why = [](json request) {
    const auto read = read_template(request);
    return read.ok() ? std::string("read") : read.error().message;
  };
  EXPECT_EQ(why(json::object()), "\"template\" must be an object");
  EXPECT_EQ(why(asks({{"runtime", 1}})), "\"template.runtime\" must be \"r\" or \"python\"");
  EXPECT_EQ(why(asks({{"runtime", "r"}, {"preload", "caret"}})), "\"template.preload\" must be a list of packages");
  EXPECT_EQ(why(asks({{"runtime", "r"}, {"preload", {"a,b"}}})),
            "\"template.preload\" must be a list of packages' names");
  EXPECT_EQ(why(asks({{"runtime", "r"}, {"environment", {{"A", 1}}}})),
            "\"template.environment\" must be an object of texts, but is not at 'A'");
  EXPECT_NE(why(asks({{"runtime", "r"}, {"program", "/no/such"}})).find("'/no/such' is not there"), std::string::npos);
}

TEST(LimitRequests, HaveDefaultsAndBounds) {
  EXPECT_EQ(read_limits(json::object()).value().calls, 10'000u);
  EXPECT_EQ(read_limits({{"limits", {{"memory_bytes", 1e9}}}}).value().memory_bytes, 1'000'000'000u);
  EXPECT_TRUE(read_limits(json::object()).value().has_network);
  EXPECT_FALSE(read_limits({{"limits", {{"network", false}}}}).value().has_network);
  for (const json& bad : {json{{"network", 0}}, json{{"calls", 0}}, json{{"calls", "9"}}, json{{"seconds", 1e30}},
                          json{{"lives", 9}}, json(7)}) {
    EXPECT_EQ(read_limits({{"limits", bad}}).error().code, Code::invalid) << bad;
  }
}

TEST(PackageSets, AreReadFromWordsAndJson) {
  const auto words = read_package_set("r: caret  gbm", "/");
  ASSERT_TRUE(words.ok());
  EXPECT_EQ(words.value().packages, (std::vector<std::string>{"caret", "gbm"}));
  const auto python = read_package_set("python: numpy==1.26.4 pandas[excel]>=2", "/");
  EXPECT_EQ(python.value().packages.size(), 2u);
  const auto lock = read_package_set(R"({"R": {"Repositories": [{"Name": "CRAN", "URL": "https://r.example"}]},
                                         "Packages": {"a": {"Package": "a", "Version": "1.0-2", "Source": "Repository"}}})",
                                     "/");
  ASSERT_TRUE(lock.ok()) << lock.error().message;
  EXPECT_EQ(lock.value().locked, (std::vector<std::pair<std::string, std::string>>{{"a", "1.0-2"}}));
  EXPECT_EQ(lock.value().repositories, (std::vector<std::string>{"https://r.example"}));
}

// What R and pip would take for an option, or a plan's line for two.
TEST(PackageSets, HoldNamesAlone) {
  for (const char* text :
       {"r: -x", "r: a;b", "python: --index-url=x", "r:", R"({"runtime": "r", "packages": ["a\nrepos b"]})",
        R"({"runtime": "r", "packages": ["a"], "repos": ["x y://z"]})",
        R"({"runtime": "python", "debian": ["r-cran-a"]})", R"({"Packages": {"a": {"Version": "1 2"}}})",
        R"({"Packages": {"a": {"Version": "1", "Source": "GitHub"}}})"}) {
    EXPECT_EQ(read_package_set(text, "/").error().code, Code::invalid) << text;
  }
}

}  // namespace
}  // namespace scoria::worker
