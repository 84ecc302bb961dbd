// Plans whose models are chosen by key: columns for nameless features, files by key, shares of flagged rows, models from the web.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "net/server_for_tests.h"
#include "plan/folder_for_tests.h"
#include "plan/model_files.h"
#include "plan/model_set.h"
#include "plan/model_store.h"
#include "plan/provenance.h"
#include "plan/run.h"
#include "table/csv.h"

namespace scoria::plan {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::filesystem::path kModels = std::filesystem::path(SCORIA_SOURCE_DIR) / "examples/sensor-anomaly/models";

class RunSets : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    for (const char* name : {"model_1_1", "model_1_5", "model_3_1"}) {
      std::filesystem::copy_file(kModels / name, folder_ / name);
    }
    put("rows.csv", "t,d,s,v\n1,1,1,12.5\n2,1,5,105\n3,3,1,12\n4,1,1,500\n5,3,1,-7\n6,3,1,99\n");
  }
  Result<RunResult> run(const std::string& models, const std::string& more = "", const RunOptions& options = {}) {
    put("plan.yaml", "name: sets\ninput: {rows: rows.csv}\nfeatures: {from: rows}\ncolumns: [t, d, s]\nmodels: " +
                         models + "\noutput: all.csv\n" + more);
    auto plan = read_plan(folder_ / "plan.yaml", {});
    if (!plan.ok()) return plan.error();
    InlineExecutor executor;
    return run_plan(plan.value(), options, executor);
  }
  static std::string error_of(const Result<RunResult>& result) {
    return result.ok() ? "no error" : result.error().message;
  }
};

constexpr const char* kSet = "{file: \"model_{d}_{s}\", features: v, column: p}";

TEST_F(RunSets, TakeTheColumnsGivenForNamelessFeatures) {
  const auto result = run(kSet);
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(get("all.csv"), "t,d,s,p\n1,1,1,1\n2,1,5,1\n3,3,1,1\n4,1,1,-1\n5,3,1,-1\n6,3,1,-1\n");
  EXPECT_THAT(result.value().models[0].features, ElementsAre("v"));
}

TEST_F(RunSets, SayWhatNamelessFeaturesNeed) {
  EXPECT_THAT(error_of(run("{file: \"model_{d}_{s}\", column: p}")),
              AllOf(HasSubstr("column 'x0'"), HasSubstr("'features' says which columns they are")));
}

TEST_F(RunSets, TakeColumnsByPositionForNamedFeaturesToo) {
  const auto golden = std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/golden/gbm_default_trees_cv/model.rds";
  std::filesystem::copy_file(golden, folder_ / "m.rds");
  put("rows.csv", "t,d,s,a,b,x,y\n1,1,1,0.5,0.25,9,9\n2,1,1,9,9,0.5,0.25\n");
  ASSERT_TRUE(run("[{file: m.rds, column: p}, {file: m.rds, features: [x, y], column: q}]").ok());
  const table::Table out = table::read_csv(get("all.csv")).value();
  EXPECT_EQ(out.find("p")->reals()[0], out.find("q")->reals()[1]);
  EXPECT_EQ(out.find("p")->reals()[1], out.find("q")->reals()[0]);
  EXPECT_NE(out.find("p")->reals()[0], out.find("p")->reals()[1]);
}

TEST_F(RunSets, TellRowsOfTheInputInErrors) {
  put("rows.csv", "t,d,s,v\n1,1,1,12.5\n2,3,1,1\n3,1,1,1\n4,3,1,Inf\n");
  EXPECT_THAT(error_of(run(kSet)), AllOf(HasSubstr("model_3_1"), HasSubstr("row 4"), HasSubstr("in order: 'v'")));
}

TEST_F(RunSets, WarnOfModelsThatFlagMostOfTheirRows) {
  EXPECT_THAT(run(kSet).value().warnings, ElementsAre("model_3_1 flags 2 of 3 rows")) << "1 of 2 is not more than half";
  EXPECT_THAT(run("{file: \"model_{d}_{s}\", features: v, column: p, warn_flagged: 0.4}").value().warnings,
              ElementsAre("model_1_1 flags 1 of 2 rows", "model_3_1 flags 2 of 3 rows"));
  EXPECT_TRUE(run("{file: \"model_{d}_{s}\", features: v, column: p, warn_flagged: 1}").value().warnings.empty());
  EXPECT_TRUE(run("{file: model_3_1, features: v, column: p}").value().warnings.empty()) << "one model: when asked";
  EXPECT_EQ(run("{file: model_3_1, features: v, column: p, warn_flagged: 0.4}").value().warnings.size(), 1u);
  ASSERT_TRUE(run(kSet).ok());
  const Provenance from = read_provenance(folder_ / "all.csv").value();
  ASSERT_EQ(from.flagged.size(), 3u);
  EXPECT_EQ(from.flagged[2].model, "model_3_1");
  EXPECT_EQ(from.flagged[2].rows, 3u);
  EXPECT_EQ(from.flagged[2].flagged, 2u);
}

TEST_F(RunSets, WriteAFileForEachKeyBesideTheTableOfAll) {
  const auto result = run(kSet, "split: \"out/{d}/{s}.csv\"\n");
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result.value().split_files, 3u);
  EXPECT_EQ(get("out/1/1.csv"), "t,d,s,p\n1,1,1,1\n4,1,1,-1\n");
  EXPECT_EQ(get("out/3/1.csv"), "t,d,s,p\n3,3,1,1\n5,3,1,-1\n6,3,1,-1\n");
  const Provenance from = read_provenance(folder_ / "all.csv").value();
  ASSERT_EQ(from.split.size(), 3u);
  EXPECT_EQ(from.split[0].path, "out/1/1.csv");
  EXPECT_EQ(from.split[0].bytes, get("out/1/1.csv").size());
}

TEST_F(RunSets, RefuseToSplitByAKeyThatLeavesTheFolderOrIsMissing) {
  put("rows.csv", "t,d,s,v,name\n1,1,1,12.5,../x\n");
  EXPECT_THAT(error_of(run(kSet, "result: {mutate: {name: name}, select: [name, p]}\nsplit: \"out/{name}.csv\"\n")),
              HasSubstr("cannot be part of a file's name"));
  put("rows.csv", "t,d,s,v,name\n1,1,1,12.5,NA\n2,1,1,1,x\n");
  EXPECT_THAT(error_of(run(kSet, "result: {select: [name, p]}\nsplit: \"out/{name}.csv\"\n")),
              HasSubstr("a row of the output with name NA has no file"));
  EXPECT_THAT(files(), Not(testing::Contains(HasSubstr(".csv.run.json"))));
}

// Serves the example's models below /models/ and counts what is asked for.
class ModelServer {
 public:
  std::string url(const std::string& path) const { return server_.url(path); }
  std::map<std::string, int> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::string answer(const std::string& request) {
    const std::string target = request.substr(4, request.find(' ', 4) - 4);
    {
      const std::lock_guard lock(mutex_);
      ++asked_[target];
    }
    const std::string path = target.substr(0, target.find('?'));
    const auto reply = [](const std::string& status, std::string_view body) {
      return "HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
             "\r\n\r\n" + std::string(body);
    };
    if (path == "/models/model_5_5") return reply("403 Forbidden", "no");
    const auto file = FileBytes::open(kModels / std::filesystem::path(path).filename());
    if (!path.starts_with("/models/") || !file.ok()) return reply("404 Not Found", "none");
    return reply("200 OK", file.value().text());
  }

  std::mutex mutex_;
  std::map<std::string, int> asked_;  // guarded by mutex_
  net::ServerForTests server_{[this](const std::string& request) { return answer(request); }};
};

TEST_F(RunSets, TakeModelsFromAWebAddress) {
  ModelServer server;
  ASSERT_TRUE(run(kSet).ok());
  const std::string expected = get("all.csv");
  const auto result = run("{file: \"" + server.url("/models/model_{d}_{s}?sig=s%2Fecret") +
                          "\", features: v, column: p, missing: skip}");
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(get("all.csv"), expected);
  EXPECT_EQ(server.asked(), (std::map<std::string, int>{{"/models/model_1_1?sig=s%2Fecret", 1},
                                                        {"/models/model_1_5?sig=s%2Fecret", 1},
                                                        {"/models/model_3_1?sig=s%2Fecret", 1}}));
  EXPECT_THAT(get("all.csv.run.json"), AllOf(HasSubstr("model_1_5?sig=***"), Not(HasSubstr("ecret"))));
}

TEST_F(RunSets, TakeNoModelWhereTheWebHasNone) {
  ModelServer server;
  put("rows.csv", "t,d,s,v\n1,1,1,12.5\n2,9,9,12.5\n");
  const std::string file = "{file: \"" + server.url("/models/model_{d}_{s}?sig=secret") + "\", features: v, column: p";
  EXPECT_THAT(error_of(run(file + "}")),
              AllOf(HasSubstr("model_9_9?sig=***"), HasSubstr("d 9, s 9"), Not(HasSubstr("secret"))));
  const auto skipped = run(file + ", missing: skip}");
  ASSERT_TRUE(skipped.ok()) << skipped.error().message;
  EXPECT_EQ(skipped.value().counts.missing_models, 1u);
  EXPECT_THAT(skipped.value().missing_model, Not(HasSubstr("secret")));
  put("rows.csv", "t,d,s,v\n1,5,5,12.5\n");
  EXPECT_THAT(error_of(run(file + ", missing: skip}")), AllOf(HasSubstr("/models/model_5_5"), Not(HasSubstr("secret"))))
      << "what is refused is not what is missing";
}

TEST_F(RunSets, EncodeKeysInAWebAddress) {
  ModelServer server;
  const auto set = open_model_set(server.url("/models/model_{k}_1?sig=x")).value();
  table::Table rows;
  rows.add("k", table::Column::text(std::vector<std::string>{"a b?c&d=1#\xC3\xA9"}));
  SetTally tally;
  InlineExecutor executor;
  ASSERT_TRUE(set->score(rows, {}, {.missing = SetOptions::Missing::skip}, tally, executor).ok());
  EXPECT_EQ(server.asked().begin()->first, "/models/model_a%20b%3Fc%26d%3D1%23%C3%A9_1?sig=x");
  rows = {};
  rows.add("k", table::Column::text(std::vector<std::string>{".."}));
  EXPECT_EQ(set->score(rows, {}, {.missing = SetOptions::Missing::skip}, tally, executor).error().code, Code::denied);
}

TEST_F(RunSets, FetchModelsBeforeTheyAreAskedFor) {
  ModelServer server;
  ModelStore store(folder_);
  std::vector<std::string> paths;
  for (const char* name : {"model_1_1", "model_1_5", "model_3_1", "none", "model_5_5"}) {
    paths.push_back(server.url(std::string("/models/") + name));
  }
  store.prefetch(paths);
  EXPECT_EQ(store.reads(), 3u);
  EXPECT_EQ(server.asked().size(), 5u);
  const auto before = server.asked();
  EXPECT_TRUE(store.get(paths[0]).ok());
  EXPECT_EQ(store.find(paths[3]).value(), nullptr);
  EXPECT_EQ(store.get(paths[4]).error().code, Code::denied) << "told where it is needed";
  EXPECT_EQ(server.asked(), before) << "nothing is asked for twice";
}

TEST_F(RunSets, AskForAModelOnceThoughItIsNotThere) {
  ModelServer server;
  ModelStore store(folder_);
  const std::string url = server.url("/models/none");
  EXPECT_FALSE(store.exists(url).value());
  EXPECT_EQ(store.find(url).value(), nullptr);
  EXPECT_EQ(store.get(url).error().code, Code::not_found);
  EXPECT_EQ(server.asked().at("/models/none"), 1);
}

}  // namespace
}  // namespace scoria::plan
