// The program that tests take for `scoria`: a keeper, a warm scorer, what stands before a task, or a "score" that prints what it is. Test programs only.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/azure_root.h"
#include "node/keeper.h"
#include "node/warm_scorer.h"

namespace {

bool is_forked = false;

int score(int argc, char** argv) {
  if (argc > 2 && strcmp(argv[2], "exit") == 0) return atoi(argv[3]);
  if (argc > 2 && strcmp(argv[2], "wait") == 0) pause();
  char directory[4096] = {};
  (void)!getcwd(directory, sizeof directory - 1);
  const char* mark = getenv("MARK");
  printf("%s in %s mark %s\n", is_forked ? "warm" : "cold", directory, mark != nullptr ? mark : "");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "keeper") == 0) return scoria::node::keeper_main(argc, argv);
  if (argc > 1 && strcmp(argv[1], "azure-root") == 0) return scoria::node::azure_root_main(argc, argv);
  if (argc > 1 && strcmp(argv[1], "warm-scorer") == 0) {
    is_forked = true;
    return scoria::node::warm_scorer_main(argc, argv, score);
  }
  return score(argc, argv);
}
