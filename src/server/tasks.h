// Tasks on the REST surface. Source: Azure Batch REST API, Task. Threads: as Call.
#pragma once

#include "server/call.h"

namespace scoria::server::tasks {

void add(CallPtr call);
void add_collection(CallPtr call);
void list(CallPtr call);
void show(CallPtr call);
void update(CallPtr call);
void remove(CallPtr call);
void terminate(CallPtr call);
void reactivate(CallPtr call);
void subtasks(CallPtr call);

// The stored document, paths for urls. Errors: JobNotFound, TaskNotFound.
Result<Json> find(const App& app, std::string_view job, std::string_view task);

}  // namespace scoria::server::tasks
