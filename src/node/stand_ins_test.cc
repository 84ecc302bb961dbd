#include "node/stand_ins.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "node/folder_for_tests.h"

namespace scoria::node {
namespace {

TEST(StandIns, TellWhatNodeTheyAreOf) {
  const FolderForTests folder;
  StandInPlace place{.program = "/bin/scoria", .root = "/nodes/n", .own_hosts = {"a:1"}, .own_ca_file = "/ca.pem"};
  place.containers.mode = "host";
  place.containers.images = {{"r-base", "host"}};
  place.containers.options = {"--root=/x"};
  place.containers.run_options = {"--device=d"};
  ASSERT_TRUE(write_stand_ins(folder / "s", place).ok());
  const auto read = read_stand_ins(folder / "s");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read.value().program, "/bin/scoria");
  EXPECT_EQ(read.value().root, "/nodes/n");
  EXPECT_EQ(read.value().containers.mode, "host");
  EXPECT_EQ(read.value().containers.images, place.containers.images);
  EXPECT_EQ(read.value().containers.options, place.containers.options);
  EXPECT_EQ(read.value().containers.run_options, place.containers.run_options);
  EXPECT_EQ(read.value().own_hosts, place.own_hosts);
  EXPECT_EQ(read.value().own_ca_file, "/ca.pem");
}

TEST(StandIns, HandOverWordByWord) {
  const FolderForTests folder;
  FolderForTests::write(folder / "it's scoria", "#!/bin/sh\nprintf '%s|' \"$@\" > \"$(dirname \"$0\")/heard\"\n");
  std::filesystem::permissions(folder / "it's scoria", std::filesystem::perms(0755));
  ASSERT_TRUE(write_stand_ins(folder / "s", {.program = folder / "it's scoria", .root = "/n"}).ok());
  ASSERT_EQ(std::system(((folder / "s/docker").string() + " run 'a b' \"\"").c_str()), 0);
  EXPECT_EQ(FolderForTests::read(folder / "heard"), "stand-in|" + (folder / "s").string() + "|docker|run|a b||");
}

TEST(StandIns, SayWhatTheirFileLacks) {
  const FolderForTests folder;
  FolderForTests::write(folder / "node.json", "{}");
  EXPECT_EQ(read_stand_ins(folder.path()).error().code, Code::invalid);
  EXPECT_EQ(read_stand_ins(folder / "nope").error().code, Code::not_found);
}

}  // namespace
}  // namespace scoria::node
