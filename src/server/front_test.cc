#include "server/front.h"

#include "base/file.h"
#include "server/routes.h"
#include "server/whole_server_for_tests.h"

namespace scoria::server {
namespace {

Destination of(std::string_view host, std::string_view target) {
  return destination_of(host, Target::parse(target).value(), "acct");
}

TEST(Destination, IsStorageByHostWhateverThePath) {
  EXPECT_EQ(of("acct.blob.localhost:10101", "/pools"), Destination::storage);
  EXPECT_EQ(of("ACCT.Blob.localhost", "/readyz"), Destination::storage);
  EXPECT_EQ(of("other.blob.localhost", "/pools"), Destination::batch);
}

TEST(Destination, GoesByTheFirstSegmentOtherwise) {
  EXPECT_EQ(of("localhost", "/readyz"), Destination::ready);
  EXPECT_EQ(of("localhost", "/livez"), Destination::live);
  EXPECT_EQ(of("localhost", "/metrics"), Destination::metrics);
  EXPECT_EQ(of("localhost", "/node/v1/p/n/sync"), Destination::node);
  EXPECT_EQ(of("localhost", "/scoria/v1/usage"), Destination::own);
  EXPECT_EQ(of("localhost", "/acct?comp=list"), Destination::storage);
  EXPECT_EQ(of("localhost", "/acct/container/blob"), Destination::storage);
  EXPECT_EQ(of("localhost", "/pools"), Destination::batch);
  EXPECT_EQ(of("localhost", "/"), Destination::serving);
}

TEST(Destination, CountsSeveralLeadingSlashesAsOne) {
  EXPECT_EQ(of("localhost", "//pools"), Destination::batch);
  EXPECT_EQ(of("localhost", "///readyz"), Destination::ready);
  EXPECT_EQ(Target::parse("//pools?x=1").value().path, "/pools");
}

TEST(Destination, OfAnAccountThatIsCalledAsOurPathsStaysApart) {
  // No container is called "v1": it would be too short.
  const auto scoria = [](std::string_view target) {
    return destination_of("localhost", Target::parse(target).value(), "scoria");
  };
  EXPECT_EQ(scoria("/scoria/v1/usage"), Destination::own);
  EXPECT_EQ(scoria("/scoria/v10/blob"), Destination::storage);
  EXPECT_EQ(scoria("/scoria?comp=list"), Destination::storage);
}

TEST(AccountName, MustNotBeABatchNoun) {
  EXPECT_TRUE(check_account_name("scoria").ok());
  EXPECT_TRUE(check_account_name("node").ok());
  for (const char* name : {"pools", "jobs", "jobschedules", "nodecounts", "metrics"}) {
    EXPECT_FALSE(check_account_name(name).ok()) << name;
  }
}

TEST(Target, DecodesSegmentsOneByOne) {
  const auto target = Target::parse("/jobs/j/tasks/t/files/wd%2Fout%20dir%2Fa.txt").value();
  ASSERT_EQ(target.segments.size(), 6u);
  EXPECT_EQ(target.segments[5], "wd/out dir/a.txt");
}

TEST(Target, KeepsPlusSignsAndTabsOfQueries) {
  const auto target = Target::parse("/t?$filter=a%09eq+1&empty=").value();
  EXPECT_EQ(target.query_value("$filter"), "a\teq+1");
  EXPECT_EQ(target.query_value("EMPTY"), "");
}

TEST(Target, RefusesBrokenEscapesAndNuls) {
  for (const char* text : {"/a%", "/a%4", "/a%zz", "/a%00b", "/x?y=%g1"})
    EXPECT_FALSE(Target::parse(text).ok()) << text;
}

TEST(Routes, AreEachFoundByTheirOwnPath) {
  for (const Route& route : batch_routes()) {
    std::string path(route.pattern);
    for (auto open = path.find('{'); open != std::string::npos; open = path.find('{')) {
      path.replace(open, path.find('}') - open + 1, "x");
    }
    const RouteMatch match = find_route(batch_routes(), verb_name(route.verb), Target::parse(path).value());
    ASSERT_NE(match.route, nullptr) << verb_name(route.verb) << " " << path;
    EXPECT_EQ(match.route->pattern, route.pattern);
  }
}

TEST(Routes, AreWhatThePageLists) {
  const auto page = FileBytes::open(SCORIA_SOURCE_DIR "/docs/operations-list.md");
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_EQ(page.value().text(), routes_reference()) << "run: scoria server --print-routes > docs/operations-list.md";
}

TEST(Routes, OfJobScopeNameTheJob) {
  for (const Route& route : batch_routes()) {
    if (route.scope != Scope::job) continue;
    EXPECT_NE(route.pattern.find("{job}"), std::string_view::npos) << route.pattern;
  }
}

using Surface = WholeServerTest;

TEST_F(Surface, IsReadyOnlyWhenToldSo) {
  EXPECT_EQ(send_raw("GET", "/readyz").status, 200);
  front_->set_ready(false);
  EXPECT_EQ(send_raw("GET", "/readyz").status, 503);
  EXPECT_EQ(send_raw("GET", "/livez").status, 200);
}

TEST_F(Surface, RefusesWhoDoesNotSign) {
  const Heard answer = send_raw("GET", "/pools?api-version=2022-10-01.16.0");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.code(), "AuthenticationFailed");
  EXPECT_EQ(send_raw("GET", "/pools", "", {{"Authorization", "SharedKey scoria:AAAA"}}).status, 403);
  EXPECT_EQ(send_raw("GET", "/pools", "", {{"Authorization", "Bearer sct1.x.y"}}).status, 403);
}

TEST_F(Surface, SaysWhatIsWrongWithPathVerbAndVersion) {
  EXPECT_EQ(send("GET", "/nothing").code(), "ResourceNotFound");
  EXPECT_EQ(send("PUT", "/pools").code(), "UnsupportedHttpVerb");
  EXPECT_EQ(send("PUT", "/pools").status, 405);
  EXPECT_EQ(send("GET", "/pools?api-version=1999-01-01.1.0").code(), "UnsupportedRequestVersion");
  EXPECT_EQ(send("GET", "/pools?api-version=").code(), "MissingRequiredQueryParameter");
  EXPECT_EQ(send_raw("GET", "/pools/%zz").code(), "RequestUrlFailedToParse");
}

TEST_F(Surface, RepeatsTheClientsRequestIdWhenAsked) {
  const Heard answer = send("GET", "/pools", "", {{"client-request-id", "abc"}, {"return-client-request-id", "true"}});
  EXPECT_EQ(answer.header("client-request-id"), "abc");
  EXPECT_EQ(answer.header("request-id").size(), 36u);
  EXPECT_EQ(send("GET", "/pools", "", {{"client-request-id", "abc"}}).header("client-request-id"), "");
}

TEST_F(Surface, ShowsMetricsToThisMachine) {
  const Heard answer = send_raw("GET", "/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find("# TYPE scoria_tasks_completed_total counter"), std::string::npos);
}

}  // namespace
}  // namespace scoria::server
