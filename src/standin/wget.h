// wget, as far as a start task needs it: files by HTTP and HTTPS into the working directory. The scripts that doAzureParallel's clusters fetch from its
// repository come from here, so that a cluster needs no way to it.
// Source: wget(1). Threads: free functions.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "standin/stand_in.h"

namespace scoria::standin {

struct WgetCall {
  std::vector<std::string> urls;
  std::string output;  // -O: one file for all; empty: each its own name
  std::string folder;  // -P; empty: the working directory
};
// Options that change how it is fetched or what is printed are skipped. Errors: invalid: an option without its value, an unknown one, no URL.
Result<WgetCall> parse_wget(const std::vector<std::string>& arguments);

int wget(const Call& call);

}  // namespace scoria::standin
