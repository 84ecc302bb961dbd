// The service's numbers as Prometheus reads them. Source: Prometheus, "Exposition formats", text format 0.0.4. Threads: free functions.
#pragma once

#include <string>

#include "batch/service.h"
#include "server/app.h"

namespace scoria::server {

std::string metrics_text(const batch::Metrics& metrics, const RetentionTotals& retained);

}  // namespace scoria::server
