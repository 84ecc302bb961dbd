#include "standin/stand_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "standin/blobxfer.h"
#include "standin/docker.h"
#include "standin/startup_scripts.h"
#include "standin/wget.h"

namespace scoria::standin {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

DockerRun parsed(const std::vector<std::string>& arguments) {
  auto run = parse_docker_run(arguments);
  EXPECT_TRUE(run.ok()) << run.error().message;
  return run.ok() ? std::move(run).value() : DockerRun{};
}

// As the preparation task of a foreach with packages has it: every option twice.
const std::vector<std::string> kPreparation{"--rm",
                                            "-v",
                                            "/n:/n",
                                            "-e",
                                            "AZ_BATCH_NODE_ROOT_DIR=/n",
                                            "--name",
                                            "job1",
                                            "--rm",
                                            "-v",
                                            "/n:/n",
                                            "-e",
                                            "AZ_BATCH_NODE_ROOT_DIR=/n",
                                            "-e",
                                            "AZ_BATCH_JOB_ID=job1",
                                            "-e",
                                            "BLOBXFER_SASKEY=",
                                            "rocker/tidyverse:latest",
                                            "Rscript",
                                            "/n/wd/install_cran.R",
                                            "--all",
                                            "dplyr"};

TEST(DockerRun, FindsTheImageBehindOptionsThatAreGivenTwice) {
  const DockerRun run = parsed(kPreparation);
  EXPECT_EQ(run.image, "rocker/tidyverse:latest");
  EXPECT_THAT(run.command, ElementsAre("Rscript", "/n/wd/install_cran.R", "--all", "dplyr"));
  EXPECT_EQ(run.options.size(), 6u);
}

TEST(DockerRun, ReadsLettersWithAndWithoutAValue) {
  const DockerRun run = parsed({"-it", "-eA=b", "-w=/tmp", "--network=none", "--memory", "1g", "image"});
  EXPECT_THAT(run.options, ElementsAre(DockerOption{"interactive", {}}, DockerOption{"tty", {}},
                                       DockerOption{"env", "A=b"}, DockerOption{"workdir", "/tmp"},
                                       DockerOption{"network", "none"}, DockerOption{"memory", "1g"}));
  EXPECT_EQ(run.image, "image");
}

TEST(DockerRun, SaysWhichOptionLacksItsValue) {
  EXPECT_THAT(parse_docker_run({"--rm", "-v"}).error().message, HasSubstr("'-v'"));
  EXPECT_THAT(parse_docker_run({"--rm"}).error().message, HasSubstr("no image"));
  EXPECT_THAT(parse_docker_run({"-Z", "image"}).error().message, HasSubstr("'-Z'"));
}

TEST(DockerRun, KeepsOnTheHostTheEnvironmentAndTheCommand) {
  const auto host = host_run(parsed(kPreparation));
  ASSERT_TRUE(host.ok());
  EXPECT_THAT(host.value().environment,
              ElementsAre("AZ_BATCH_NODE_ROOT_DIR=/n", "AZ_BATCH_JOB_ID=job1", "BLOBXFER_SASKEY="));
  EXPECT_THAT(host.value().command, ElementsAre("Rscript", "/n/wd/install_cran.R", "--all", "dplyr"));
}

TEST(DockerRun, RefusesOnTheHostWhatItCannotDrop) {
  EXPECT_THAT(host_run(parsed({"-d", "image", "true"})).error().message, HasSubstr("--detach"));
  EXPECT_THAT(host_run(parsed({"image"})).error().message, HasSubstr("a command must stand behind it"));
  EXPECT_THAT(host_run(parsed({"--entrypoint", "date", "image", "-u"})).value().command, ElementsAre("date", "-u"));
}

TEST(DockerRun, GetsTheNodesFolderByItsOtherNameFromPodman) {
  node::StandInPlace place{.root = "/n"};
  place.containers.run_options = {"--device=d"};
  const auto line = podman_run({"/usr/bin/podman", "--root=/x"}, parsed(kPreparation), "registry.lan/r:4", place);
  EXPECT_EQ(line[1], "--root=/x");
  EXPECT_EQ(line[2], "run");
  EXPECT_THAT(line, Contains("/n:/mnt/batch/tasks"));
  EXPECT_EQ(std::count(line.begin(), line.end(), "/n:/n"), 1);  // podman refuses a place that is named twice
  EXPECT_THAT(line, Contains("--replace"));
  EXPECT_THAT(line, Contains("--device=d"));
  EXPECT_THAT(line, Contains("registry.lan/r:4"));
  EXPECT_THAT(line, Not(Contains("rocker/tidyverse:latest")));
  EXPECT_EQ(line.back(), "dplyr");
}

TEST(Wget, KnowsItsUrlsAmongOptions) {
  const auto call = parse_wget({"-q", "--tries=3", "-T", "5", "-O", "x.R", "https://h/a.R"});
  ASSERT_TRUE(call.ok());
  EXPECT_THAT(call.value().urls, ElementsAre("https://h/a.R"));
  EXPECT_EQ(call.value().output, "x.R");
  EXPECT_EQ(parse_wget({"-qOy", "https://h/a"}).value().output, "y");
  EXPECT_EQ(parse_wget({"-P", "d", "https://h/a"}).value().folder, "d");
  EXPECT_FALSE(parse_wget({"-q"}).ok());
  EXPECT_FALSE(parse_wget({"https://h/a", "-O"}).ok());
}

std::optional<std::string_view> script(const std::string& url) { return startup_script(net::parse_url(url).value()); }

TEST(StartupScripts, AreThoseOfDoAzureParallelsRepositoryAlone) {
  const std::string base = "https://raw.githubusercontent.com/Azure/doAzureParallel/";
  EXPECT_THAT(std::string(script(base + "master/inst/startup/install_bioconductor.R").value_or("")),
              HasSubstr("BiocManager"));
  EXPECT_THAT(std::string(script(base + "v0.7.2/inst/startup/install_custom.R").value_or("")), HasSubstr("CMD"));
  EXPECT_FALSE(script(base + "master/inst/startup/merger.R").has_value());
  EXPECT_FALSE(script("https://example.com/Azure/doAzureParallel/master/inst/startup/install_custom.R").has_value());
}

TEST(Blobxfer, ReadsTheLineOfAMergeTask) {
  const auto call = parse_blobxfer({"acct", "job1", "/wd", "--download", "--saskey", "?sv=1&sig=x", "--remoteresource",
                                    ".", "--include", "results/*.rds", "--endpoint", "localhost:9922"});
  ASSERT_TRUE(call.ok()) << call.error().message;
  EXPECT_EQ(call.value().account, "acct");
  EXPECT_EQ(call.value().container, "job1");
  EXPECT_EQ(call.value().folder, "/wd");
  EXPECT_EQ(call.value().signature, "sv=1&sig=x");
  EXPECT_EQ(call.value().include, "results/*.rds");
  EXPECT_EQ(call.value().endpoint, "localhost:9922");
}

TEST(Blobxfer, RefusesWhatIsNoDownload) {
  EXPECT_EQ(parse_blobxfer({"a", "c", "f", "--upload", "--saskey", "s"}).error().code, Code::invalid);
  EXPECT_EQ(parse_blobxfer({"a", "c", "f", "--download"}).error().code, Code::unsupported);
  EXPECT_THAT(parse_blobxfer({"a", "c", "--download", "--saskey", "s"}).error().message, HasSubstr("2 words"));
  // A signature is never part of a message.
  EXPECT_THAT(parse_blobxfer({"a", "--download", "--saskey", "hush"}).error().message, Not(HasSubstr("hush")));
}

}  // namespace
}  // namespace scoria::standin
