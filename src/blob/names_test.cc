#include "blob/names.h"

#include <gtest/gtest.h>

#include <string>

namespace scoria::blob {
namespace {

TEST(Names, OfContainersAreSafeFileNames) {
  for (const char* name : {"abc", "a-b-c", "0123456789", "$root", "$web", "$logs"}) {
    EXPECT_TRUE(check_container_name(name).ok()) << name;
  }
  for (const char* name : {"ab", "a--b", "-ab", "ab-", "a.b", "a/b", "..", "$other", "Abc", "a_b", "\xC3\xA9tat"}) {
    EXPECT_FALSE(check_container_name(name).ok()) << name;
  }
  EXPECT_TRUE(check_container_name(std::string(63, 'a')).ok());
  EXPECT_EQ(check_container_name(std::string(64, 'a')).error().api_code, "OutOfRangeInput");
  EXPECT_EQ(check_container_name("a_b").error().api_code, "InvalidResourceName");
}

TEST(Names, OfBlobsAreCountedInCharacters) {
  std::string name;
  for (int i = 0; i < 1024; ++i) name += "\xF0\x9F\x8C\xB2";
  EXPECT_TRUE(check_blob_name(name).ok());
  EXPECT_FALSE(check_blob_name(name + "a").ok());
  EXPECT_FALSE(check_blob_name("").ok());
}

TEST(Names, WhatIsNoUtf8IsRefused) {
  for (const char* name : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "a\xC3"}) {
    EXPECT_FALSE(check_blob_name(name).ok()) << name;
  }
  for (const char* name : {"\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(check_blob_name(name).ok()) << name;
  }
}

TEST(Names, OfBlocksAreBase64OfAtMost64Bytes) {
  EXPECT_TRUE(check_block_id("QUFB").ok());
  EXPECT_TRUE(check_block_id(std::string(86, 'A') + "==").ok());
  for (const std::string& id : {std::string(), std::string("QUF"), std::string("Q F="), std::string(87, 'A') + "="}) {
    EXPECT_FALSE(check_block_id(id).ok()) << id;
  }
}

}  // namespace
}  // namespace scoria::blob
