#include "access/roles.h"

#include <gtest/gtest.h>

#include <array>

namespace scoria::access {
namespace {

// read of all, read of a service, score, deploy, administer
std::array<bool, 5> rights(const Rights& of, const char* service) {
  return {of.may(Action::read, ""), of.may(Action::read, service), of.may(Action::score, service),
          of.may(Action::deploy, service), of.may(Action::administer, "")};
}

TEST(Roles, MayWhatTheTableOfTheDocumentationSays) {
  using Row = std::array<bool, 5>;
  EXPECT_EQ(rights({.role = Role::owner}, "s"), (Row{true, true, true, true, true}));
  EXPECT_EQ(rights({.role = Role::contributor}, "s"), (Row{true, true, true, true, false}));
  EXPECT_EQ(rights({.role = Role::reader}, "s"), (Row{true, true, true, false, false}));
  EXPECT_EQ(rights({.role = Role::scorer}, "s"), (Row{false, true, true, false, false}));
  EXPECT_EQ(rights({.role = Role::none}, "s"), (Row{false, false, false, false, false}));
}

TEST(Roles, GrantsCountForTheServicesThatTheyName) {
  const Rights granted{.grants = {{Role::contributor, "boston"}, {Role::scorer, "store*"}}};
  using Row = std::array<bool, 5>;
  EXPECT_EQ(rights(granted, "boston"), (Row{false, true, true, true, false}));
  EXPECT_EQ(rights(granted, "store12"), (Row{false, true, true, false, false}));
  EXPECT_EQ(rights(granted, "bosto"), (Row{false, false, false, false, false}));
  EXPECT_EQ(rights(granted, "boston2"), (Row{false, false, false, false, false}));
}

TEST(Roles, NoGrantMakesAnOwnerOfUsers) {
  EXPECT_FALSE((Rights{.grants = {{Role::owner, "*"}}}).may(Action::administer, ""));
}

TEST(Roles, GrantsAreReadAsTheyAreWritten) {
  EXPECT_EQ(grant_text(parse_grant("scorer@boston*").value()), "scorer@boston*");
  EXPECT_EQ(grant_text(parse_grant("reader").value()), "reader@*");
  for (const char* wrong :
       {"", "scorer@", "@boston", "none@boston", "Scorer@boston", "scorer@a*b", "scorer@a/b", "scorer@a b"})
    EXPECT_FALSE(parse_grant(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace scoria::access
