#include "auth/passwords.h"

#include <gtest/gtest.h>

namespace scoria::auth {
namespace {

// htpasswd -nbB ann 'correct horse' (Apache 2.4); python bcrypt 4, prefix 2b and 2a; argon2-cffi.
constexpr const char* kOfHtpasswd = "$2y$05$Lwmoj9GDMddwl4IjMcLUp.zjvk.jOMkIWxchFrSs1I7jO8S3tohsy";
constexpr const char* kOfPython = "$2b$05$feQ2D3RBNwVfvtac9y0nqupAhhwHmDF9c0LJ1.eiJF4oMrZzDcPbG";
constexpr const char* kUmlauts = "$2a$04$R7PvoPY1esmVtUq1tOkrq.YX/p5Gu7eJJfbLCw.MBDauSWuje3HQW";
constexpr const char* kOfArgon =
    "$argon2id$v=19$m=8192,t=2,p=1$rzskqhFPQ+BY9C4tPxsayA$SUJ/rkH9g+N5tzWwO3n0IiKr4SBmdgk+lp8oUjmOCq8";

TEST(Passwords, AreThoseThatOtherProgramsHashed) {
  for (const char* hash : {kOfHtpasswd, kOfPython, kOfArgon}) {
    EXPECT_TRUE(is_password(hash, "correct horse")) << hash;
    EXPECT_FALSE(is_password(hash, "correct horsf")) << hash;
    EXPECT_FALSE(is_password(hash, "")) << hash;
    EXPECT_FALSE(is_password(hash, std::string("correct horse\0x", 15))) << hash;
  }
  EXPECT_TRUE(is_password(kUmlauts, "p\xc3\xa4ssw\xc3\xb6rd"));
}

TEST(Passwords, AreVerifiedAfterTheyWereHashed) {
  const auto hash = hash_password("correct horse");
  ASSERT_TRUE(hash.ok());
  EXPECT_TRUE(hash.value().starts_with("$argon2id$v=19$m=65536,t=2,p=1$")) << hash.value();
  EXPECT_TRUE(is_password(hash.value(), "correct horse"));
  EXPECT_FALSE(is_password(hash.value(), "Correct horse"));
}

TEST(Passwords, OfNoLengthOrTooGreatAreRefused) {
  EXPECT_EQ(hash_password("").error().code, Code::invalid);
  EXPECT_EQ(hash_password(std::string(kMostPasswordBytes + 1, 'x')).error().code, Code::invalid);
}

TEST(Passwords, HashesOfWeakKindsAreRefused) {
  for (const char* hash :
       {"$apr1$WhnLRLZR$9GMwdRv2LfiHk/Emdu6Ye0", "{SHA}EfatjsUqKYSrqv18O1FlA3hcIHI=", "rqXexS6ZhobKA", "x", "",
        "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.", "*0", "!",
        "$2y$05$short", "$2y$31$Lwmoj9GDMddwl4IjMcLUp.zjvk.jOMkIWxchFrSs1I7jO8S3tohsy"}) {
    EXPECT_EQ(check_password_hash(hash).error().code, Code::unsupported) << hash;
    EXPECT_FALSE(is_password(hash, "x")) << hash;
  }
}

// A file of users must not make the server allocate gigabytes or compute for minutes.
TEST(Passwords, HashesThatCostTooMuchAreRefused) {
  for (const char* hash :
       {"$argon2id$v=19$m=4294967295,t=2,p=1$rzskqhFPQ+BY9C4tPxsayA$SUJ/rkH9g+N5tzWwO3n0IiKr4SBmdgk+lp8oUjmOCq8",
        "$argon2id$v=19$m=8192,t=4000000,p=1$rzskqhFPQ+BY9C4tPxsayA$SUJ/rkH9g+N5tzWwO3n0IiKr4SBmdgk+lp8oUjmOCq8",
        "$argon2id$v=19$t=2,m=8192,p=1$rzskqhFPQ+BY9C4tPxsayA$SUJ/rkH9g+N5tzWwO3n0IiKr4SBmdgk+lp8oUjmOCq8"}) {
    EXPECT_EQ(check_password_hash(hash).error().code, Code::unsupported) << hash;
  }
}

}  // namespace
}  // namespace scoria::auth
