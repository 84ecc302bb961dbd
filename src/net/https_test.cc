// The client against a TLS server whose certificate this test makes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "net/asio.h"
#include "net/http_client.h"

// Behind asio.h, as they stand there.
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace scoria::net {
namespace {

namespace asio = boost::asio;
using testing::HasSubstr;

// A key, and a certificate for `name` that it signs itself, as PEM.
struct Identity {
  explicit Identity(const std::string& name) {
    EVP_PKEY* made = EVP_RSA_gen(2048);
    X509* x509 = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_set_version(x509, 2);
    X509_gmtime_adj(X509_getm_notBefore(x509), -60);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, made);
    X509_NAME* subject = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(x509, subject);
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
    X509_add_ext(x509, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(x509, made, EVP_sha256());
    key = pem([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, made, nullptr, nullptr, 0, nullptr, nullptr); });
    certificate = pem([&](BIO* bio) { PEM_write_bio_X509(bio, x509); });
    X509_free(x509);
    EVP_PKEY_free(made);
  }

  template <typename Write>
  static std::string pem(Write write) {
    BIO* bio = BIO_new(BIO_s_mem());
    write(bio);
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    std::string copy(text, static_cast<std::size_t>(size));
    BIO_free(bio);
    return copy;
  }

  std::string key;
  std::string certificate;
};

// Answers "secret" to the first request of each connection. `ends_early`: closes without TLS' own goodbye, in the middle.
class TlsServer {
 public:
  TlsServer(const Identity& identity, bool ends_early)
      : ends_early_(ends_early), acceptor_(context_, {asio::ip::address_v4::loopback(), 0}) {
    tls_.use_certificate_chain(asio::buffer(identity.certificate));
    tls_.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsServer() {
    is_stopping_ = true;
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    boost::system::error_code ignored;
    socket.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string url(const std::string& host) const {
    return "https://" + host + ":" + std::to_string(acceptor_.local_endpoint().port()) + "/";
  }

 private:
  void serve() {
    for (;;) {
      boost::system::error_code error;
      asio::ssl::stream<asio::ip::tcp::socket> stream(context_, tls_);
      acceptor_.accept(stream.next_layer(), error);
      if (is_stopping_ || error) return;
      stream.handshake(asio::ssl::stream_base::server, error);
      if (error) continue;
      std::string request;
      asio::read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n", error);
      const std::string reply = ends_early_ ? "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsec"
                                            : "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret";
      asio::write(stream, asio::buffer(reply), error);
      if (!ends_early_) stream.shutdown(error);
    }
  }

  bool ends_early_;
  asio::io_context context_;
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  asio::ip::tcp::acceptor acceptor_;
  std::atomic<bool> is_stopping_ = false;
  std::thread thread_;
};

HttpLimits one_try() {
  HttpLimits limits;
  limits.tries = 1;
  return limits;
}

class Https : public testing::Test {
 protected:
  static void SetUpTestSuite() { identity = new Identity("localhost"); }
  static void TearDownTestSuite() {
    delete identity;
    identity = nullptr;
  }

  void TearDown() override {
    unsetenv("SSL_CERT_FILE");
    if (!path_.empty()) std::remove(path_.c_str());
  }

  // Has clients made from now on trust that certificate.
  void trust(const std::string& certificate) {
    path_ = testing::TempDir() + "scoria-https-test-" + std::to_string(getpid()) + ".pem";
    FILE* file = std::fopen(path_.c_str(), "w");
    ASSERT_NE(file, nullptr);
    std::fputs(certificate.c_str(), file);
    std::fclose(file);
    setenv("SSL_CERT_FILE", path_.c_str(), 1);
  }

  static Identity* identity;

 private:
  std::string path_;
};

Identity* Https::identity = nullptr;

TEST_F(Https, GetsFromAServerThatIsTrusted) {
  trust(identity->certificate);
  TlsServer server(*identity, false);
  HttpClient client(one_try());
  for (int i = 0; i < 2; ++i) {
    const auto body = client.get(server.url("localhost"));
    ASSERT_TRUE(body.ok()) << body.error().message;
    EXPECT_EQ(body.value(), "secret");
  }
}

TEST_F(Https, RefusesACertificateThatNobodyVouchesFor) {
  TlsServer server(*identity, false);
  HttpClient client(one_try());
  const auto body = client.get(server.url("localhost"));
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().code, Code::denied);
  EXPECT_THAT(body.error().message, HasSubstr("its certificate is not trusted: self-signed certificate"));
}

TEST_F(Https, RefusesACertificateOfAnotherHost) {
  trust(identity->certificate);
  TlsServer server(*identity, false);
  HttpClient client(one_try());
  const auto body = client.get(server.url("127.0.0.1"));
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().code, Code::denied) << body.error().message;
}

TEST_F(Https, TakesNoBodyThatSomebodyMayHaveCut) {
  trust(identity->certificate);
  TlsServer server(*identity, true);
  HttpClient client(one_try());
  const auto body = client.get(server.url("localhost"));
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().code, Code::corrupt) << body.error().message;
}

}  // namespace
}  // namespace scoria::net
