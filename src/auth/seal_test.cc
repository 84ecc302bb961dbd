#include "auth/seal.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "auth/tokens.h"

namespace scoria::auth {
namespace {

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("scoria-auth-" + random_token())) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(Sealer, OpensWhatItSealedAndHidesIt) {
  const Folder folder;
  const auto sealer = Sealer::open(folder.path() / "secrets.key");
  ASSERT_TRUE(sealer.ok());
  const std::string sealed = sealer.value().seal("db", "a password");
  EXPECT_EQ(sealed.find("password"), std::string::npos);
  EXPECT_NE(sealed, sealer.value().seal("db", "a password"));
  EXPECT_EQ(sealer.value().unseal("db", sealed).value(), "a password");
  EXPECT_EQ(sealer.value().unseal("e", sealer.value().seal("e", "")).value(), "");
}

TEST(Sealer, RefusesAnotherNameAndAnyDamage) {
  const Folder folder;
  const auto sealer = Sealer::open(folder.path() / "secrets.key");
  ASSERT_TRUE(sealer.ok());
  const std::string sealed = sealer.value().seal("db", "a password");
  EXPECT_FALSE(sealer.value().unseal("dc", sealed).ok());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string damaged = sealed;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(sealer.value().unseal("db", damaged).ok());
    EXPECT_FALSE(sealer.value().unseal("db", sealed.substr(0, i)).ok());
  }
}

TEST(Sealer, KeepsItsKeyInAFileOfItsOwnersOnly) {
  const Folder folder;
  const auto path = folder.path() / "secrets.key";
  std::string sealed;
  {
    const auto sealer = Sealer::open(path);
    ASSERT_TRUE(sealer.ok());
    sealed = sealer.value().seal("db", "x");
  }
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(Sealer::open(path).value().unseal("db", sealed).value(), "x");
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  const auto open = Sealer::open(path);
  ASSERT_FALSE(open.ok());
  EXPECT_EQ(open.error().code, Code::denied);
}

TEST(Sealer, RefusesAKeyFileOfAnotherSize) {
  const Folder folder;
  std::ofstream(folder.path() / "k") << "short";
  ASSERT_EQ(::chmod((folder.path() / "k").c_str(), 0600), 0);
  EXPECT_EQ(Sealer::open(folder.path() / "k").error().code, Code::corrupt);
}

}  // namespace
}  // namespace scoria::auth
