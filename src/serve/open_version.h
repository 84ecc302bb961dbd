// From a version's files to what answers requests. Threads: free functions.
#pragma once

#include <memory>

#include "base/executor.h"
#include "base/result.h"
#include "serve/service_version.h"
#include "serve/version_spec.h"

namespace scoria::serve {

// A script where there is one (or a runtime is named), else a plan (.yaml), a model set, or a model that is read here. Errors: the files'.
Result<std::shared_ptr<ServiceVersion>> open_version(const VersionSpec& spec);

// Whether it is more than rows and models: R or Python that runs as who serves, or a plan, which reads the files that it names.
bool uses_server_files(const VersionSpec& spec);

// Sends the version its sample rows, as a client would, and compares what it answers with what is expected, where that is known; the rows and their
// answers become its baseline. Nothing to do without sample rows. Errors: the files'; invalid, saying what the version answered.
Status self_test(const std::shared_ptr<ServiceVersion>& version, const VersionSpec& spec, Executor& executor);

}  // namespace scoria::serve
