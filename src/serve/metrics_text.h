// Metrics of several sources as one text that Prometheus takes: all samples of a family under one head. Threads: free function.
#pragma once

#include <string>
#include <vector>

namespace scoria::serve {

// `texts`: each with "# HELP" and "# TYPE" in front of a family's samples. Families come in the order of their first appearance.
std::string join_metrics(const std::vector<std::string>& texts);

}  // namespace scoria::serve
