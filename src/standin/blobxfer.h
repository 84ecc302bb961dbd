// blobxfer of the versions before 1.0, as far as merge tasks need it: blobs of a container into a folder.
// Source: the command lines that doAzureParallel 0.7 makes. Threads: free functions.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "standin/stand_in.h"

namespace scoria::standin {

struct BlobxferCall {
  std::string account, container, folder;
  std::string signature;  // --saskey
  std::string resource = ".";
  std::string include = "*";  // a pattern of whole names, in which * takes slashes, too
  std::string endpoint = "core.windows.net";
};
// `blobxfer ACCOUNT CONTAINER FOLDER --download --saskey S [--remoteresource .] [--include P] [--endpoint E]`. Errors: invalid: an unknown option,
// one without its value, another number of words; unsupported: anything but a download by a signature.
Result<BlobxferCall> parse_blobxfer(const std::vector<std::string>& arguments);

int blobxfer(const Call& call);

}  // namespace scoria::standin
