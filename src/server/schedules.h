// Job schedules on the REST surface. Source: Azure Batch REST API, Job Schedule. Threads: as Call.
#pragma once

#include "server/call.h"

namespace scoria::server::schedules {

void add(CallPtr call);
void list(CallPtr call);
void show(CallPtr call);
void exists(CallPtr call);
void patch(CallPtr call);
void update(CallPtr call);
void remove(CallPtr call);
void terminate(CallPtr call);
void disable(CallPtr call);
void enable(CallPtr call);
void list_jobs(CallPtr call);

}  // namespace scoria::server::schedules
