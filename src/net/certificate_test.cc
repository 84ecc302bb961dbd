#include "net/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/file.h"

namespace scoria::net {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr auto kDay = 24h;

class Certificates : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("scoria-certificates-" + std::to_string(getpid()) + "-" +
                                              testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string text(const fs::path& path) {
    std::ifstream file(path);
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
  }

  // What the openssl program says: a second opinion.
  static std::string openssl(const std::string& arguments) {
    std::string out;
    FILE* pipe = popen(("openssl " + arguments + " 2>&1").c_str(), "r");
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, got);
    pclose(pipe);
    return out;
  }

  Result<CertificateFiles> ensure(const std::vector<std::string>& names, WallTime at) {
    return ensure_certificates(folder_, names, at);
  }

  fs::path folder_;
  WallTime now_ = SystemClock().now().wall;
  std::vector<std::string> names_{"localhost", "*.blob.localhost", "127.0.0.1", "::1"};
};

TEST_F(Certificates, AreMadeForNamesWildcardsAndAddressesAndVerifyAgainstTheAuthority) {
  const auto files = ensure(names_, now_);
  ASSERT_TRUE(files.ok()) << files.error().message;
  const std::string chain = files.value().server_chain.string();
  const std::string ca = files.value().ca.string();
  const std::string described = openssl("x509 -noout -text -in " + chain);
  EXPECT_THAT(described, HasSubstr("DNS:localhost, DNS:*.blob.localhost, IP Address:127.0.0.1, "
                                   "IP Address:0:0:0:0:0:0:0:1"));
  EXPECT_THAT(described, HasSubstr("NIST CURVE: P-256"));
  EXPECT_THAT(described, HasSubstr("TLS Web Server Authentication"));
  for (const std::string host : {"localhost", "scoria.blob.localhost"}) {
    EXPECT_THAT(
        openssl("verify -x509_strict -purpose sslserver -verify_hostname " + host + " -CAfile " + ca + " " + chain),
        HasSubstr(": OK"));
  }
  EXPECT_THAT(openssl("verify -verify_ip 127.0.0.1 -CAfile " + ca + " " + chain), HasSubstr(": OK"));
  EXPECT_THAT(openssl("verify -verify_hostname other.test -CAfile " + ca + " " + chain), Not(HasSubstr(": OK")));
}

TEST_F(Certificates, KeepKeysForTheirOwnerAlone) {
  ASSERT_TRUE(ensure(names_, now_).ok());
  for (const char* name : {"ca.key", "server.key"}) {
    struct stat found {};
    ASSERT_EQ(::stat((folder_ / name).c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600u) << name;
  }
}

TEST_F(Certificates, StayWhatTheyAreWhileTheyAreGood) {
  ASSERT_TRUE(ensure(names_, now_).ok());
  const std::string before = text(folder_ / "server.pem");
  const std::vector<std::string> other_order{"::1", "127.0.0.1", "localhost", "*.blob.localhost"};
  ASSERT_TRUE(ensure(other_order, now_ + 300 * kDay).ok());
  EXPECT_EQ(text(folder_ / "server.pem"), before);
}

TEST_F(Certificates, AreRenewedByTheSameAuthorityThirtyDaysBeforeTheirEnd) {
  ASSERT_TRUE(ensure(names_, now_).ok());
  const std::string server = text(folder_ / "server.pem");
  const std::string authority = text(folder_ / "ca.pem");
  ASSERT_TRUE(ensure(names_, now_ + 368 * kDay).ok());
  EXPECT_NE(text(folder_ / "server.pem"), server);
  EXPECT_EQ(text(folder_ / "ca.pem"), authority);
}

TEST_F(Certificates, AreMadeAnewForOtherNames) {
  ASSERT_TRUE(ensure(names_, now_).ok());
  ASSERT_TRUE(ensure({"localhost", "batch.example.com"}, now_).ok());
  const std::string described = openssl("x509 -noout -text -in " + (folder_ / "server.pem").string());
  EXPECT_THAT(described, HasSubstr("DNS:localhost, DNS:batch.example.com"));
  EXPECT_THAT(described, Not(HasSubstr("blob")));
}

TEST_F(Certificates, AreMadeAnewWhenACrashLeftAKeyThatDoesNotFit) {
  ASSERT_TRUE(ensure(names_, now_).ok());
  fs::copy_file(folder_ / "ca.key", folder_ / "server.key", fs::copy_options::overwrite_existing);
  ASSERT_TRUE(ensure(names_, now_).ok());
  const std::string of_key = openssl("pkey -pubout -in " + (folder_ / "server.key").string());
  EXPECT_EQ(openssl("x509 -noout -pubkey -in " + (folder_ / "server.pem").string()), of_key);
}

TEST_F(Certificates, NameTheFileThatIsNoPem) {
  ASSERT_TRUE(ensure(names_, now_).ok());
  ASSERT_TRUE(write_file(folder_ / "ca.pem", "not a certificate").ok());
  const auto files = ensure(names_, now_);
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().code, Code::corrupt);
  EXPECT_THAT(files.error().message, HasSubstr("ca.pem' holds no certificate in PEM form"));
}

TEST_F(Certificates, RefuseANameThatWouldSmuggleInAnother) {
  for (const std::string name : {"a,DNS:evil.test", "", "*.", "*", "a b", "-x", "*.*.a", "a/b"}) {
    const auto files = ensure({name}, now_);
    ASSERT_FALSE(files.ok()) << name;
    EXPECT_EQ(files.error().code, Code::invalid) << name;
  }
}

TEST_F(Certificates, SayThatAFolderIsMissing) {
  const auto files = ensure_certificates(folder_ / "missing", names_, now_);
  ASSERT_FALSE(files.ok());
  EXPECT_THAT(files.error().message, HasSubstr("missing"));
}

}  // namespace
}  // namespace scoria::net
