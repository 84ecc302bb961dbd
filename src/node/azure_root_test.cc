#include "node/azure_root.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "node/folder_for_tests.h"

namespace scoria::node {
namespace {

constexpr int kNoNamespace = 77;

class AzureRoot : public testing::Test {
 protected:
  AzureRoot() {
    FolderForTests::write(folder_ / "workitems/mark", "x");
    chmod(folder_.path().c_str(), 0755);
  }
  // In a process of its own, as a namespace is not left again. The exit code of what runs there.
  int in_namespace(const std::function<int()>& act, uid_t user = 0) {
    const pid_t pid = fork();
    if (pid == 0) {
      if (user != 0 && (setgid(user) != 0 || setuid(user) != 0)) _exit(kNoNamespace);
      // As a program that was started so: else its own files in /proc are not its own to write.
      prctl(PR_SET_DUMPABLE, 1);
      if (chdir((folder_ / "workitems").c_str()) != 0 || !become_rooted(folder_.path()).ok()) _exit(kNoNamespace);
      _exit(act());
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  static int looks() {
    char here[4096] = {};
    if (getcwd(here, sizeof here) == nullptr || std::string(here) != "/mnt/batch/tasks/workitems") return 1;
    return access("/mnt/batch/tasks/workitems/mark", R_OK) == 0 ? 0 : 2;
  }

  FolderForTests folder_;
};

TEST_F(AzureRoot, IsTheNodesFolderAndTheWorkingDirectoryMovesThere) {
  const int code = in_namespace(looks);
  if (code == kNoNamespace) GTEST_SKIP() << "this machine gives no mount namespace";
  EXPECT_EQ(code, 0);
}

TEST_F(AzureRoot, NeedsNoRightsOfRootWhereUserNamespacesAreAllowed) {
  if (geteuid() != 0) GTEST_SKIP() << "the test above is this one already";
  const int code = in_namespace([] { return geteuid() == 65534 ? looks() : 3; }, 65534);
  if (code == kNoNamespace) GTEST_SKIP() << "this machine gives no user namespace";
  EXPECT_EQ(code, 0);
}

TEST_F(AzureRoot, IsNobodyElses) {
  const int code = in_namespace(looks);
  if (code == kNoNamespace) GTEST_SKIP() << "this machine gives no mount namespace";
  EXPECT_NE(access("/mnt/batch/tasks/workitems/mark", F_OK), 0);
}

TEST_F(AzureRoot, KeepsWhatElseIsInTheFolderAboveIt) {
  struct stat before {};
  const bool has_mnt = stat("/mnt", &before) == 0;
  if (!has_mnt) GTEST_SKIP() << "this machine has no /mnt";
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("/mnt")) names.push_back(entry.path());
  const int code = in_namespace([&] {
    for (const auto& name : names) {
      if (access(name.c_str(), F_OK) != 0) return 1;
    }
    return 0;
  });
  if (code == kNoNamespace) GTEST_SKIP() << "this machine gives no mount namespace";
  EXPECT_EQ(code, 0);
}

TEST(RootedCommand, HandsTheProgramItsOwnName) {
  EXPECT_EQ(rooted_command("/bin/scoria", "/nodes/n", "/usr/bin/R", {"R", "--version"}),
            (std::vector<std::string>{"/bin/scoria", "azure-root", "/nodes/n", "/usr/bin/R", "R", "--version"}));
}

}  // namespace
}  // namespace scoria::node
