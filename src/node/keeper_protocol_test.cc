#include "node/keeper_protocol.h"

#include <gtest/gtest.h>

#include <string>

namespace scoria::node {
namespace {

std::string bytes_of(std::string_view hexadecimal) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hexadecimal.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hexadecimal.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

Message read(const std::string& frame) {
  std::size_t position = 0;
  auto message = take_message(frame, position);
  EXPECT_TRUE(message.ok()) << message.error().message;
  EXPECT_EQ(position, frame.size());
  return message.ok() && message.value() ? std::move(*message.value()) : Message{};
}

// As a later version would: more at the end of a frame.
std::string grown(std::string frame) {
  frame += "more";
  frame[0] = static_cast<char>(frame[0] + 4);
  return frame;
}

StartCommand a_start() {
  return {.attempt = 7,
          .program = "/bin/p",
          .arguments = {"p", "x"},
          .environment = {"A=b"},
          .directory = "/d",
          .stdout_path = "/o",
          .stderr_path = "/e",
          .memory_limit_bytes = 1,
          .cpu_weight = 2,
          .wall_limit_ms = 3,
          .grace_ms = 4,
          .user = 5,
          .group = 6,
          .lease_until_ms = 8,
          .is_warm = true,
          .cleanup = {"c"},
          .note = "n"};
}

KeeperState a_state() {
  return {.boot_id = "boot",
          .attempts = {{.attempt = 7, .pid = 9, .started_us = 10, .note = "n", .ending = std::nullopt},
                       {.attempt = 8,
                        .pid = 11,
                        .started_us = 12,
                        .note = "",
                        .ending = Ending{.attempt = 8, .at_us = 13, .exit_code = 3, .reason = "timeout"}}}};
}

void expect_start(const StartCommand& start) {
  EXPECT_EQ(start.attempt, 7u);
  EXPECT_EQ(start.arguments, (std::vector<std::string>{"p", "x"}));
  EXPECT_EQ(start.environment, std::vector<std::string>{"A=b"});
  EXPECT_EQ(start.directory, "/d");
  EXPECT_EQ(start.cpu_weight, 2u);
  EXPECT_EQ(start.group, 6);
  EXPECT_EQ(start.lease_until_ms, 8);
  EXPECT_TRUE(start.is_warm);
  EXPECT_EQ(start.cleanup, std::vector<std::string>{"c"});
  EXPECT_EQ(start.note, "n");
}

void expect_state(const KeeperState& state) {
  EXPECT_EQ(state.boot_id, "boot");
  ASSERT_EQ(state.attempts.size(), 2u);
  EXPECT_EQ(state.attempts[0].pid, 9);
  EXPECT_EQ(state.attempts[0].note, "n");
  EXPECT_FALSE(state.attempts[0].ending.has_value());
  ASSERT_TRUE(state.attempts[1].ending.has_value());
  EXPECT_EQ(state.attempts[1].ending->exit_code, 3);
  EXPECT_EQ(state.attempts[1].ending->reason, "timeout");
}

TEST(KeeperProtocol, ComesBackAsItWas) {
  std::string frame;
  append_start(frame, a_start());
  expect_start(read(frame).start);
  frame.clear();
  append_state(frame, a_state());
  expect_state(read(frame).state);
}

// What a running keeper of the first version says and hears; never to be changed.
constexpr std::string_view kFirstStart =
    "81000000010700000000000000060000002f62696e2f7002000000010000007001000000780100000003000000413d62020000002f6402"
    "0000002f6f020000002f650100000000000000020000000300000000000000040000000000000005000000000000000600000000000000"
    "080000000000000001010000000100000063010000006e";
constexpr std::string_view kFirstState =
    "790000001004000000626f6f74020000001e0000000700000000000000090000000a00000000000000010000006e000000000046000000"
    "08000000000000000b0000000c0000000000000000000000012900000008000000000000000d0000000000000001030000000700000074"
    "696d656f7574000000000000000000";

TEST(KeeperProtocol, UnderstandsItsFirstVersion) {
  expect_start(read(bytes_of(kFirstStart)).start);
  expect_state(read(bytes_of(kFirstState)).state);
}

TEST(KeeperProtocol, CarriesTemplates) {
  StartCommand start = a_start();
  start.template_command = {"/proc/self/exe", "worker-template", "r"};
  start.template_environment = {"LANG=C.UTF-8"};
  std::string frame;
  append_start(frame, start);
  const StartCommand got = read(frame).start;
  expect_start(got);
  EXPECT_EQ(got.template_command, start.template_command);
  EXPECT_EQ(got.template_environment, start.template_environment);
  EXPECT_TRUE(read(bytes_of(kFirstStart)).start.template_command.empty());
}

TEST(KeeperProtocol, SkipsWhatALaterVersionAdds) {
  std::string frame;
  append_start(frame, a_start());
  expect_start(read(grown(frame)).start);
  frame.clear();
  append_state(frame, a_state());
  expect_state(read(grown(frame)).state);
  EXPECT_EQ(static_cast<int>(read(bytes_of("0500000063aabbccdd")).kind), 99);
}

TEST(KeeperProtocol, RefusesFramesThatAreNotWhole) {
  std::string frame;
  append_ended(frame, {.attempt = 3, .exit_code = 1, .reason = "timeout"});
  for (std::size_t size = 0; size < frame.size(); ++size) {
    std::size_t position = 0;
    const auto message = take_message(std::string_view(frame).substr(0, size), position);
    ASSERT_TRUE(message.ok());
    EXPECT_FALSE(message.value().has_value());
  }
  frame[0] = static_cast<char>(frame[0] - 1);  // one byte less than its fields
  std::size_t position = 0;
  EXPECT_EQ(take_message(frame, position).error().code, Code::corrupt);
  position = 0;
  EXPECT_EQ(take_message("\xff\xff\xff\xff", position).error().code, Code::too_large);
  std::string state;
  append_state(state, a_state());
  state[17] = '\x7f';  // the length of its first attempt
  position = 0;
  EXPECT_FALSE(take_message(state, position).ok());
}

}  // namespace
}  // namespace scoria::node
