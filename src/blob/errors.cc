#include "blob/errors.h"

#include <string>

namespace scoria::blob {
namespace {

std::string shown(std::string_view container, std::string_view name) {
  return "'" + std::string(name) + "' in container '" + std::string(container) + "'";
}

}  // namespace

Error container_not_found(std::string_view container) {
  return Error{Code::not_found, "there is no container '" + std::string(container) + "'", "ContainerNotFound"};
}

Error blob_not_found(std::string_view container, std::string_view name) {
  return Error{Code::not_found, "there is no blob " + shown(container, name), "BlobNotFound"};
}

Error blob_exists(std::string_view container, std::string_view name) {
  return Error{Code::conflict, "there is a blob " + shown(container, name) + " already", "BlobAlreadyExists"};
}

Error condition_not_met(std::string_view what) {
  return Error{Code::conflict, "the condition " + std::string(what) + " does not hold", "ConditionNotMet"};
}

Error wrong_blob_type(std::string_view name, std::string_view needed) {
  return Error{Code::conflict, "the blob '" + std::string(name) + "' is no " + std::string(needed) + " blob",
               "InvalidBlobType"};
}

Error bad_block_list(std::string_view why) {
  return Error{Code::invalid, "the block list " + std::string(why), "InvalidBlockList"};
}

}  // namespace scoria::blob
