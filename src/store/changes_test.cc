#include <gtest/gtest.h>

#include "store/store.h"

namespace scoria::store {
namespace {

TEST(Changes, KeepOnlyTheLastOfADocumentWhateverItsCase) {
  Changes changes;
  changes.put({Kind::pool, "", "Night", "1"});
  changes.put({Kind::pool, "", "NIGHT", "2"});
  ASSERT_EQ(changes.documents().size(), 1u);
  EXPECT_EQ(changes.documents()[0].text, "2");
  EXPECT_EQ(changes.documents()[0].id, "NIGHT");
  changes.erase(Kind::pool, "", "night");
  ASSERT_EQ(changes.documents().size(), 1u);
  EXPECT_FALSE(changes.documents()[0].text.has_value());
}

TEST(Changes, AreNotConfusedByAParentThatEndsAsAnIdBegins) {
  Changes changes;
  changes.put({Kind::node, "ab", "c", "1"});
  changes.put({Kind::node, "a", "bc", "2"});
  EXPECT_EQ(changes.documents().size(), 2u);
}

TEST(Changes, AddTheTaskAsItIsAtTheEnd) {
  Changes changes;
  changes.add_task({1, 1, "t", TaskState::active, "spec", "a"});
  changes.update_task(1, 1, TaskState::running, "b");
  changes.update_task_spec(1, 1, "spec 2");
  ASSERT_EQ(changes.tasks().size(), 1u);
  EXPECT_TRUE(changes.tasks()[0].is_added);
  EXPECT_EQ(changes.tasks()[0].state, TaskState::running);
  EXPECT_EQ(changes.tasks()[0].info, "b");
  EXPECT_EQ(changes.tasks()[0].spec, "spec 2");
}

TEST(Changes, ForgetTasksOfAnErasedJobThatWereAddedBefore) {
  Changes changes;
  changes.add_task({1, 1, "t", TaskState::active, "", ""});
  changes.add_task({2, 1, "u", TaskState::active, "", ""});
  changes.erase_tasks(1);
  ASSERT_EQ(changes.tasks().size(), 1u);
  EXPECT_EQ(changes.tasks()[0].job, 2u);
  changes.update_task(2, 1, TaskState::running, "x");  // the index still leads to it
  EXPECT_EQ(changes.tasks()[0].info, "x");
}

TEST(Changes, OverlayShowsWhatTheStoreDoesNotHoldYet) {
  Changes changes;
  changes.update_task(1, 7, TaskState::completed, "done");
  std::optional<TaskRow> row = TaskRow{1, 7, "t", TaskState::running, "spec", "runs"};
  changes.overlay(1, 7, row);
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->state, TaskState::completed);
  EXPECT_EQ(row->info, "done");
  EXPECT_EQ(row->spec, "spec");
  changes.erase_task(1, 7);
  changes.overlay(1, 7, row);
  EXPECT_FALSE(row.has_value());
}

}  // namespace
}  // namespace scoria::store
