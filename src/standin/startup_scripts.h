// The R scripts that a start task of doAzureParallel fetches by URL, in our own words. Threads: free functions.
#pragma once

#include <optional>
#include <string_view>

#include "net/url.h"

namespace scoria::standin {

// The text of install_bioconductor.R or install_custom.R, where the URL is that of doAzureParallel's repository (of any branch or tag).
std::optional<std::string_view> startup_script(const net::Url& url);

}  // namespace scoria::standin
