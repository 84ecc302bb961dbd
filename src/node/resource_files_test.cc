#include "node/resource_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <mutex>

#include "net/http_server.h"
#include "node/folder_for_tests.h"

namespace scoria::node {
namespace {

// A storage that serves blobs by path, with ETags, and lists containers in pages of two.
class Storage final : public net::HttpHandler {
 public:
  Storage() {
    auto started = net::HttpServer::start({.listeners = {{.address = "127.0.0.1:0"}}, .threads = 2}, *this);
    server_ = std::move(started).value();
  }
  std::string url(const std::string& path) const { return "http://" + server_->address(0) + path; }
  net::BodyPlan plan_body(const net::HttpRequest&) override { return {}; }
  net::HttpReply explain(int status, std::string_view) override { return {.status = status}; }
  void handle(net::HttpRequest request, net::Responder responder) override {
    const std::lock_guard lock(mutex_);
    const std::string path = request.target.substr(0, request.target.find('?'));
    const std::string query = request.target.substr(std::min(path.size(), request.target.size()));
    seen.push_back(request.method + " " + request.target);
    if (query.find("comp=list") != std::string::npos) return responder.send(list(query));
    if (const auto redirect = redirects.find(path); redirect != redirects.end()) {
      return responder.send({.status = 302, .headers = {{"Location", redirect->second}}});
    }
    if (failures > 0) {
      --failures;
      return responder.send({.status = 503});
    }
    const auto blob = blobs.find(path);
    if (blob == blobs.end()) {
      return responder.send({.status = 404, .headers = {{"x-ms-error-code", "BlobNotFound"}}});
    }
    if (blob->second == "denied") return responder.send({.status = 403});
    const std::string etag = "\"" + std::to_string(std::hash<std::string>()(blob->second)) + "\"";
    if (request.header("If-None-Match") == etag) {
      ++not_modified;
      return responder.send({.status = 304, .headers = {{"ETag", etag}}});
    }
    responder.send({.headers = {{"ETag", etag}}, .body = blob->second});
  }

  std::map<std::string, std::string> blobs, redirects;
  std::vector<std::string> names;  // of the container that is listed
  std::vector<std::string> seen;
  int failures = 0, not_modified = 0;

 private:
  net::HttpReply list(const std::string& query) {
    const std::size_t at = query.find("marker=");
    std::size_t begin = at == std::string::npos ? 0 : std::stoul(query.substr(at + 7));
    std::string xml = "<?xml version=\"1.0\"?><EnumerationResults><Blobs>";
    for (std::size_t i = begin; i < std::min(begin + 2, names.size()); ++i) {
      xml += "<Blob><Name>" + names[i] + "</Name><Properties/></Blob>";
    }
    xml += "</Blobs><NextMarker>" + (begin + 2 < names.size() ? std::to_string(begin + 2) : "") + "</NextMarker>";
    return {.body = xml + "</EnumerationResults>"};
  }
  std::mutex mutex_;
  std::unique_ptr<net::HttpServer> server_;
};

class ResourceFiles : public testing::Test {
 protected:
  std::optional<spec::Failure> fetch(const spec::Json& files, const std::string& wd = "wd") {
    std::filesystem::create_directories(folder_ / wd);
    return fetch_resource_files(files, {.web = web_,
                                        .cache = *cache_,
                                        .working_directory = folder_ / wd,
                                        .blob_url = storage_.url(""),
                                        .reveal = [](const std::string& text) -> Result<std::string> { return text; }});
  }
  std::string read(const std::string& name) { return FolderForTests::read(folder_ / name); }

  FolderForTests folder_;
  Storage storage_;
  Web web_{{.first_wait = std::chrono::milliseconds(1)}};
  std::unique_ptr<FileCache> cache_ = std::move(FileCache::open(folder_ / "cache", 1u << 20)).value();
};

TEST_F(ResourceFiles, AreFetchedWithTheirModeAndOnceWhileTheyAreTheSame) {
  storage_.blobs["/c/f"] = "content";
  const spec::Json files = {
      {{"httpUrl", storage_.url("/c/f?sig=1")}, {"filePath", "in/here.txt"}, {"fileMode", "0644"}}};
  ASSERT_FALSE(fetch(files).has_value());
  EXPECT_EQ(read("wd/in/here.txt"), "content");
  struct stat status {};
  ASSERT_EQ(stat((folder_ / "wd/in/here.txt").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0644u);
  const spec::Json again = {{{"httpUrl", storage_.url("/c/f?sig=2")}, {"filePath", "x"}}};
  ASSERT_FALSE(fetch(again, "wd2").has_value());
  EXPECT_EQ(storage_.not_modified, 1);
  EXPECT_EQ(read("wd2/x"), "content");
  storage_.blobs["/c/f"] = "changed";
  ASSERT_FALSE(fetch(again, "wd3").has_value());
  EXPECT_EQ(read("wd3/x"), "changed");
}

TEST_F(ResourceFiles, FollowRedirectsAndRepeatWhatMayPass) {
  storage_.blobs["/real"] = "r";
  storage_.redirects["/moved"] = "/real";
  storage_.failures = 2;
  EXPECT_FALSE(fetch({{{"httpUrl", storage_.url("/moved")}, {"filePath", "r"}}}).has_value());
  EXPECT_EQ(read("wd/r"), "r");
}

TEST_F(ResourceFiles, OfAContainerKeepTheirTree) {
  storage_.names = {"in/a.txt", "in/deep/b &amp; c.txt", "in/d.txt"};
  storage_.blobs["/c1/in/a.txt"] = "a";
  storage_.blobs["/c1/in/deep/b%20%26%20c.txt"] = "b";
  storage_.blobs["/c1/in/d.txt"] = "d";
  ASSERT_FALSE(
      fetch({{{"storageContainerUrl", storage_.url("/c1?sig=s")}, {"filePath", "data"}, {"blobPrefix", "in/"}}}));
  EXPECT_EQ(read("wd/data/in/a.txt"), "a");
  EXPECT_EQ(read("wd/data/in/deep/b & c.txt"), "b");
  EXPECT_EQ(read("wd/data/in/d.txt"), "d");
  EXPECT_NE(storage_.seen[0].find("prefix=in%2F"), std::string::npos);
  ASSERT_FALSE(fetch({{{"autoStorageContainerName", "c1"}}}, "auto"));
  EXPECT_EQ(read("auto/in/a.txt"), "a");
}

TEST_F(ResourceFiles, SayWhatFailedWithoutTheSignature) {
  storage_.blobs["/c/denied"] = "denied";
  auto failed = fetch({{{"httpUrl", storage_.url("/c/none?sig=topsecret")}, {"filePath", "x"}}});
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->code, "BlobNotFound");
  EXPECT_EQ(failed->message.find("topsecret"), std::string::npos);
  failed = fetch({{{"httpUrl", storage_.url("/c/denied")}, {"filePath", "x"}}});
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->code, "BlobAccessDenied");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "wd/x"));
}

TEST_F(ResourceFiles, NeverLeaveTheWorkingDirectory) {
  storage_.blobs["/c/f"] = "evil";
  storage_.names = {"../../evil.txt"};
  std::filesystem::create_directories(folder_ / "wd");
  std::filesystem::create_symlink(folder_.path(), folder_ / "wd/out");
  for (const char* path : {"../evil.txt", "/tmp/evil.txt", "a/../../evil.txt", "out/evil.txt"}) {
    const auto failed = fetch({{{"httpUrl", storage_.url("/c/f")}, {"filePath", path}}});
    EXPECT_TRUE(failed.has_value()) << path;
  }
  EXPECT_TRUE(fetch({{{"storageContainerUrl", storage_.url("/c")}}}).has_value());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "evil.txt"));
}

TEST(Web, KnowsItsServerWithAndWithoutThePortThatTheSchemeImplies) {
  const Web web({.own_hosts = {"*.blob.localhost:443", "h:8443"}, .own_ca_file = {}});
  const auto is_own = [&web](const char* url) { return web.is_own(net::parse_url(url).value()); };
  EXPECT_TRUE(is_own("https://acct.blob.localhost/c/b"));
  EXPECT_TRUE(is_own("https://acct.blob.localhost:443/c/b"));
  EXPECT_TRUE(is_own("https://h:8443/"));
  EXPECT_FALSE(is_own("http://acct.blob.localhost/c/b"));
  EXPECT_FALSE(is_own("https://h/"));
}

TEST(BlobPage, IsReadAndRefusedWhereItIsNone) {
  EXPECT_FALSE(parse_blob_page("<html>").ok());
  EXPECT_FALSE(parse_blob_page("<EnumerationResults><Blob><N>a</N></Blob></EnumerationResults>").ok());
  const auto page =
      parse_blob_page("<EnumerationResults><Blob><Name>a&#x41;&lt;</Name></Blob><NextMarker>m</NextMarker>");
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page.value().names, std::vector<std::string>{"aA<"});
  EXPECT_EQ(page.value().next_marker, "m");
}

}  // namespace
}  // namespace scoria::node
