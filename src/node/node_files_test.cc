#include "node/node_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "node/folder_for_tests.h"
#include "node/task_folders.h"

namespace scoria::node {
namespace {

class Files : public testing::Test {
 protected:
  Files() {
    FolderForTests::write(folder_ / "root/a/b.txt", "0123456789");
    FolderForTests::write(folder_ / "root/a/c/d.txt", "d");
    FolderForTests::write(folder_ / "secret.txt", "secret");
    std::filesystem::create_symlink("../../secret.txt", folder_ / "root/a/up");
    std::filesystem::create_symlink(folder_.path(), folder_ / "root/all");
    std::filesystem::create_symlink("b.txt", folder_ / "root/a/within");
    mkfifo((folder_ / "root/pipe").c_str(), 0600);
  }
  NodeFiles files() { return std::move(NodeFiles::open(folder_ / "root")).value(); }
  FolderForTests folder_;
};

TEST_F(Files, ReadsParts) {
  EXPECT_EQ(files().read("a/b.txt", 2, 3).value(), "234");
  EXPECT_EQ(files().read("a/b.txt", 8, 100).value(), "89");
  EXPECT_EQ(files().read("a/b.txt", 11, 1).value(), "");
  EXPECT_EQ(files().read("a//./within", 0, 4).value(), "0123");
}

TEST_F(Files, NoPathLeadsOut) {
  for (const char* path : {"../secret.txt", "a/../../secret.txt", "/etc/passwd", "a/up", "all/secret.txt", "a/b.txt/..",
                           "/proc/self/root/etc/passwd"}) {
    EXPECT_FALSE(files().read(path, 0, 10).ok()) << path;
    EXPECT_FALSE(files().list(path, true, 10).ok()) << path;
    EXPECT_FALSE(files().remove(path, true).ok() && std::string(path) != "a/up") << path;
  }
  EXPECT_FALSE(files().read(std::string("a/b.txt\0x", 9), 0, 10).ok());
  EXPECT_EQ(FolderForTests::read(folder_ / "secret.txt"), "secret");
}

TEST_F(Files, DeletingALinkDeletesNothingBehindIt) {
  ASSERT_TRUE(files().remove("all", true).ok());
  EXPECT_EQ(FolderForTests::read(folder_ / "secret.txt"), "secret");
  EXPECT_EQ(files().remove("a", false).error().code, Code::conflict);
  ASSERT_TRUE(files().remove("a", true).ok());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "root/a"));
  EXPECT_FALSE(files().remove("", true).ok());
}

TEST_F(Files, ListsByNameAndNeverThroughLinks) {
  const auto listing = files().list("", true, 100).value();
  std::vector<std::string> paths;
  for (const auto& file : listing.files) paths.push_back(file.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"a", "a/b.txt", "a/c", "a/c/d.txt", "a/up", "a/within", "all", "pipe"}));
  EXPECT_TRUE(files().list("", true, 2).value().is_cut);
}

TEST_F(Files, NeverWaitsForAPipe) { EXPECT_EQ(files().open_file("pipe").error().code, Code::invalid); }

TEST_F(Files, TellsProperties) {
  const auto facts = files().properties("a/b.txt").value();
  EXPECT_EQ(facts.length, 10u);
  EXPECT_FALSE(facts.is_directory);
  EXPECT_GT(facts.modified_us, 0);
  EXPECT_EQ(files().properties("nope").error().api_code, "FileNotFound");
}

TEST(TaskEnvironment, HasWhatBatchPromises) {
  NodePlace place{.root = "/mnt/batch/tasks", .pool = "p", .node = "n", .account_name = "a"};
  spec::StartOrder order;
  order.attempt = 12;
  order.kind = spec::RunKind::preparation;
  order.job = "j";
  order.task = "jobpreparation";
  order.directory = "workitems/j/job-1/jobpreparation";
  const auto environment = task_environment(
      place, order,
      {{"MINE", "1"}, {"MINE", "2"}, {"AZ_BATCH_NODE_ROOT_DIR", "/elsewhere"}, {"A=B", "x"}, {"LANG", "C"}});
  const auto value = [&](std::string_view name) { return find_setting(environment, name).value_or("(none)"); };
  EXPECT_EQ(value("AZ_BATCH_JOB_PREP_WORKING_DIR"), "/mnt/batch/tasks/workitems/j/job-1/jobpreparation/wd");
  EXPECT_EQ(value("AZ_BATCH_TASK_WORKING_DIR"), "/mnt/batch/tasks/workitems/j/job-1/jobpreparation/wd");
  EXPECT_EQ(value("AZ_BATCH_NODE_ROOT_DIR"), "/mnt/batch/tasks");
  EXPECT_EQ(value("AZ_BATCH_TASK_ATTEMPT"), "12");
  EXPECT_EQ(value("AZ_BATCH_ACCOUNT_NAME"), "a");
  EXPECT_EQ(value("MINE"), "2");
  EXPECT_EQ(value("LANG"), "C");
  EXPECT_EQ(value("A"), "(none)");
  order.kind = spec::RunKind::start_task;
  EXPECT_FALSE(find_setting(task_environment(place, order, {}), "AZ_BATCH_JOB_ID").has_value());
}

}  // namespace
}  // namespace scoria::node
