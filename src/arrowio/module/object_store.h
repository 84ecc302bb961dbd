// Object stores by URI: Arrow's clients, with the credentials that the clouds' own tools take from the environment.
// Threads: free functions. Nothing is kept between calls but what Arrow keeps.
#pragma once

#include <arrow/filesystem/filesystem.h>
#include <arrow/result.h>

#include <exception>
#include <memory>
#include <string>

namespace scoria::arrowio {

struct ObjectPlace {
  std::shared_ptr<arrow::fs::FileSystem> store;
  std::string path;  // in the store: "bucket/key"
};

// Errors: as Arrow says them; invalid (a key in an Azure URI). May throw what the clients throw.
arrow::Result<ObjectPlace> find_place(const std::string& uri);

// What to say after a client threw: Azure's do so where they find no credentials.
std::string credentials_hint(const std::string& uri);

// `body(place)` for the place of `uri`; an exception of a client becomes an IOError.
template <typename Body>
auto in_store(const std::string& uri, Body body) -> decltype(body(ObjectPlace())) {
  try {
    ARROW_ASSIGN_OR_RAISE(const ObjectPlace place, find_place(uri));
    return body(place);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& thrown) {
    return arrow::Status::IOError(thrown.what(), credentials_hint(uri));
  }
}

}  // namespace scoria::arrowio
