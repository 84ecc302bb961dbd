// What Scoria has beside Azure Batch's operations, below /scoria/v1: usage, secrets, schedules' times, preemption, joining, notices,
// backups.
// Threads: as Call.
#pragma once

#include "server/call.h"

namespace scoria::server::own {

void usage(CallPtr call);
void list_secrets(CallPtr call);
void set_secret(CallPtr call);
void remove_secret(CallPtr call);
void next_firings(CallPtr call);
void run_now(CallPtr call);
void preempt(CallPtr call);
void make_join_token(CallPtr call);
void test_notice(CallPtr call);
void backup(CallPtr call);

}  // namespace scoria::server::own
