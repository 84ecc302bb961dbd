#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/client/blob_list.h"
#include "cli/client/submission.h"
#include "cli/client/view.h"
#include "plan/plan.h"
#include "plan/run.h"
#include "spec/command_line.h"

namespace scoria::cli {
namespace {

TEST(CommandLine, SplitsIntoTheArgumentsItWasJoinedFrom) {
  const std::vector<std::vector<std::string>> cases = {{"echo", "hello"},
                                                       {"sh", "-c", "echo \"a b\" 'c' $HOME; exit 3"},
                                                       {"x", "", "it's", "back\\slash", "tab\tnew\nline"}};
  for (const auto& arguments : cases) {
    EXPECT_EQ(spec::split_command_line(join_command_line(arguments)).value(), arguments);
  }
}

TEST(View, TablesHaveColumnsAsWideAsTheirText) {
  const std::vector<Json> rows = {{{"id", "a-long-name"}, {"executionInfo", {{"exitCode", 3}}}}, {{"id", "b"}}};
  EXPECT_EQ(table_text({{"TASK", "id"}, {"EXIT", "executionInfo/exitCode"}}, rows),
            "TASK         EXIT\n"
            "a-long-name  3\n"
            "b            -\n");
}

TEST(View, PathsArePercentEncoded) { EXPECT_EQ(path_of({"jobs", "a b", "x/y"}), "/jobs/a%20b/x%2Fy"); }

TEST(View, WantsAValueBehindAnEqualsSign) {
  EXPECT_EQ(name_and_value("--env", "A=b=c").value(), (std::pair<std::string, std::string>("A", "b=c")));
  EXPECT_EQ(name_and_value("--env", "A").error().message, "--env 'A' must be NAME=VALUE");
  EXPECT_FALSE(name_and_value("--env", "=x").ok());
}

TEST(BlobList, ReadsAPageWithItsMarkerAndEntities) {
  const BlobPage page = parse_blob_page(
      "<EnumerationResults><Blobs><Blob><Name>a&amp;b/c.txt</Name><Properties><Content-Length>12</Content-Length>"
      "</Properties></Blob><Blob><Name>d</Name><Properties><Content-Length>0</Content-Length></Properties></Blob></"
      "Blobs>"
      "<NextMarker>d</NextMarker></EnumerationResults>");
  ASSERT_EQ(page.items.size(), 2u);
  EXPECT_EQ(page.items[0], (std::pair<std::string, std::uint64_t>("a&b/c.txt", 12)));
  EXPECT_EQ(page.next, "d");
}

TEST(Submission, SharesPartitionsOutInOrder) {
  EXPECT_EQ(share_out(5, 2), (std::vector<std::vector<std::size_t>>{{0, 1}, {2, 3}, {4}}));
  EXPECT_EQ(share_out(1, 10).size(), 1u);
}

// A folder with a plan, removed with the test.
class PlanFolder : public ::testing::Test {
 protected:
  PlanFolder() : folder_(std::filesystem::temp_directory_path() / ("scoria-submission-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_ / "data");
    std::filesystem::create_directories(folder_ / "models");
  }
  ~PlanFolder() override { std::filesystem::remove_all(folder_); }
  void put(const std::string& name, const std::string& text = "x\n1\n") { std::ofstream(folder_ / name) << text; }
  plan::Plan read(const std::string& text) {
    put("plan.yaml", text);
    auto plan = plan::read_plan(folder_ / "plan.yaml", {});
    if (!plan.ok()) throw std::runtime_error(plan.error().message);
    return std::move(plan).value();
  }

  std::filesystem::path folder_;
};

constexpr const char* kPlan =
    "name: p\npartition: item\ninput:\n  rows: \"data/{item}.csv\"\n  all: data/all.txt\nfeatures:\n  from: rows\n"
    "models:\n  file: \"models/m_{q}.rds\"\n  q: [1, 2]\n  column: \"q{q}\"\noutput: \"out/{item}.csv\"\n";

TEST_F(PlanFolder, EachTaskGetsItsPartitionsInputsAndWhatAllShare) {
  for (const char* name :
       {"data/a.csv", "data/b.csv", "data/all.txt", "models/m_1.rds", "models/m_2.rds", "models/other.rds"})
    put(name);
  const plan::Plan plan = read(kPlan);
  const auto partitions = plan::chosen_partitions(plan, {}).value();
  const SubmittedFiles files = files_of(plan, partitions).value();
  std::vector<std::string> shared;
  for (const SubmittedFile& file : files.shared) shared.push_back(file.name);
  EXPECT_EQ(shared, (std::vector<std::string>{"data/all.txt", "models/m_1.rds", "models/m_2.rds", "plan.yaml"}));
  const auto bodies = task_bodies(plan, partitions, files, share_out(2, 1),
                                  {.container_url = "https://s/c?sig=1", .results = "results/j"});
  ASSERT_EQ(bodies.size(), 2u);
  EXPECT_EQ(bodies[1]["commandLine"], "scoria run plan.yaml --only b");
  const std::string resources = bodies[1]["resourceFiles"].dump();
  EXPECT_NE(resources.find("https://s/c/data/b.csv?sig=1"), std::string::npos) << resources;
  EXPECT_EQ(resources.find("data/a.csv"), std::string::npos) << resources;
  EXPECT_NE(resources.find("\"blobPrefix\":\"models/m_\""), std::string::npos) << resources;
  EXPECT_EQ(bodies[0]["outputFiles"][0]["filePattern"], "out/**/*");
  EXPECT_EQ(bodies[0]["outputFiles"][0]["destination"]["container"]["path"], "results/j/out");
}

TEST_F(PlanFolder, SaysWhichModelsAreMissing) {
  for (const char* name : {"data/a.csv", "data/all.txt"}) put(name);
  const auto files = files_of(read(kPlan), {"a"});
  ASSERT_FALSE(files.ok());
  EXPECT_NE(files.error().message.find("no file matches 'models/m_{q}.rds'"), std::string::npos)
      << files.error().message;
}

TEST_F(PlanFolder, RefusesFilesOutsideThePlansFolder) {
  put("data/a.csv");
  const plan::Plan plan = read(
      "name: p\ninput: {rows: \"../elsewhere.csv\"}\nfeatures: {from: rows}\n"
      "models: {file: models/m.rds, column: y}\noutput: out.csv\n");
  const auto files = files_of(plan, {""});
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().code, Code::denied);
}

}  // namespace
}  // namespace scoria::cli
