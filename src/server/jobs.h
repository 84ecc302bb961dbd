// Jobs on the REST surface. Source: Azure Batch REST API, Job. Threads: as Call.
#pragma once

#include <cstdint>
#include <optional>

#include "server/call.h"

namespace scoria::server::jobs {

void add(CallPtr call);
void list(CallPtr call);
void show(CallPtr call);
void patch(CallPtr call);
void update(CallPtr call);
void remove(CallPtr call);
void terminate(CallPtr call);
void disable(CallPtr call);
void enable(CallPtr call);
void task_counts(CallPtr call);
void preparation_status(CallPtr call);

// The stored document, whichever schedule made it; nothing where there is none.
Result<std::optional<Json>> find(const App& app, std::string_view job);
// Errors: JobNotFound.
Result<Json> must_find(const App& app, std::string_view job);
// A job's own number, under which its tasks are stored.
std::uint64_t number(const Json& document);
std::string path_of(const Json& document);

}  // namespace scoria::server::jobs
