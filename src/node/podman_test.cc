#include "node/podman.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "node/images.h"

namespace scoria::node {
namespace {

using testing::Contains;
using testing::Not;

class Podman : public testing::Test {
 protected:
  ContainerCommand command_of(const spec::Json& settings) {
    const ContainerRun run{.name = "scoria-1",
                           .image = "debian:12",
                           .root = "/nodes/n1",
                           .working_directory = "/nodes/n1/t/wd",
                           .environment = environment_,
                           .has_own_path = has_own_path_,
                           .command = {"R", "-e", "1 + 1"},
                           .memory_limit_bytes = 1000,
                           .cpu_weight = 50};
    auto made = container_command({"/usr/bin/podman", "--root=/x"}, run, settings, config_);
    EXPECT_TRUE(made.ok()) << made.error().message;
    return made.ok() ? std::move(made).value() : ContainerCommand{};
  }
  static bool has_pair(const std::vector<std::string>& line, const std::string& first, const std::string& second) {
    return std::adjacent_find(line.begin(), line.end(),
                              [&](const auto& a, const auto& b) { return a == first && b == second; }) != line.end();
  }
  std::string refusal(const std::string& options) {
    const ContainerRun run{.name = "c", .image = "i", .environment = environment_};
    auto made = container_command({"podman"}, run, {{"containerRunOptions", options}}, config_);
    return made.ok() ? "let through" : made.error().api_code;
  }

  std::vector<std::string> environment_{"PATH=/usr/bin", "HOME=/nodes/n1/t/wd", "KEY=two words", "LD_PRELOAD=/evil.so"};
  bool has_own_path_ = false;
  ContainerConfig config_;
};

TEST_F(Podman, PutsTheImageBehindOptionsAndTheCommandBehindTheImage) {
  const auto line = command_of({{"containerRunOptions", "--env 'A=b c'"}}).arguments;
  ASSERT_GE(line.size(), 6u);
  EXPECT_EQ(line[0], "/usr/bin/podman");
  EXPECT_EQ(line[1], "--root=/x");
  EXPECT_EQ(line[2], "run");
  EXPECT_EQ(std::vector<std::string>(line.end() - 7, line.end()),
            (std::vector<std::string>{"--env", "A=b c", "--entrypoint", "R", "debian:12", "-e", "1 + 1"}));
}

TEST_F(Podman, GetsItsShareAsLimits) {
  const auto line = command_of({}).arguments;
  EXPECT_TRUE(has_pair(line, "--memory", "1000"));
  EXPECT_TRUE(has_pair(line, "--cpu-shares", "512"));
  EXPECT_THAT(command_of({{"containerRunOptions", "--memory=5g"}}).arguments, Not(Contains("--memory")));
}

TEST_F(Podman, HandsValuesOnWithoutShowingThem) {
  const auto command = command_of({});
  EXPECT_TRUE(has_pair(command.arguments, "--env", "KEY"));
  EXPECT_THAT(command.environment, Contains("KEY=two words"));
}

TEST_F(Podman, IsNotSteeredByATasksEnvironment) {
  const auto command = command_of({});
  EXPECT_TRUE(has_pair(command.arguments, "--env", "LD_PRELOAD=/evil.so"));
  EXPECT_THAT(command.environment, Not(Contains("LD_PRELOAD=/evil.so")));
}

TEST_F(Podman, LeavesTheImagesPathUnlessTheTaskHasOne) {
  EXPECT_THAT(command_of({}).arguments, Not(Contains("PATH=/usr/bin")));
  has_own_path_ = true;
  EXPECT_TRUE(has_pair(command_of({}).arguments, "--env", "PATH=/usr/bin"));
}

TEST_F(Podman, LeavesTheImagesDirectoryWhereItIsTold) {
  EXPECT_TRUE(has_pair(command_of({}).arguments, "--workdir", "/nodes/n1/t/wd"));
  EXPECT_THAT(command_of({{"workingDirectory", "containerImageDefault"}}).arguments, Not(Contains("--workdir")));
}

TEST_F(Podman, LetsAnOptionReplaceTheHostsNetwork) {
  EXPECT_THAT(command_of({}).arguments, Contains("--network=host"));
  EXPECT_THAT(command_of({{"containerRunOptions", "--network none"}}).arguments, Not(Contains("--network=host")));
}

TEST_F(Podman, RefusesOptionsThatHideAContainer) {
  for (const char* options : {"--name x", "--name=x", "-d", "-itd", "--detach", "--restart=always", "--pod p", "'"}) {
    EXPECT_EQ(refusal(options), "ContainerInvalidSettings") << options;
  }
  for (const char* options : {"-it", "--device /dev/null", "-v /d:/d", ""}) {
    EXPECT_EQ(refusal(options), "let through") << options;
  }
}

TEST(Images, AreNamedAsDockerReadsThem) {
  EXPECT_EQ(full_image_name("debian:12"), "docker.io/library/debian:12");
  EXPECT_EQ(full_image_name("rocker/tidyverse"), "docker.io/rocker/tidyverse");
  EXPECT_EQ(full_image_name("r.lan/a/b:1"), "r.lan/a/b:1");
  EXPECT_EQ(full_image_name("localhost/a"), "localhost/a");
  EXPECT_EQ(full_image_name("localhost:5000/a"), "localhost:5000/a");
}

TEST(Images, ThatAreOptionsAreRefused) {
  const auto refused = ensure_image({.podman = {"/no/podman"}}, "--all", {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().api_code, "ContainerInvalidSettings");
}

TEST(Images, OfAnAliasAreOthersOrTheHost) {
  const ContainerConfig config{.images = {{"a", "b:2"}, {"c", "host"}}};
  EXPECT_EQ(plan_image("a", config).image, "b:2");
  EXPECT_FALSE(plan_image("a", config).is_host);
  EXPECT_TRUE(plan_image("c", config).is_host);
  EXPECT_TRUE(plan_image("d", {.mode = "host"}).is_host);
}

}  // namespace
}  // namespace scoria::node
