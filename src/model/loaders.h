// The model families that Scoria reads, one line each, and the way from a file's bytes to a Model.
// Threads: free functions.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/model.h"
#include "rdata/reader.h"
#include "rdata/value.h"

namespace scoria::model {

using ModelPtr = std::shared_ptr<const Model>;

struct Loader {
  std::string_view r_class;      // an object that inherits this class is read by it; also the family's name
  std::string_view description;  // "R gbm: boosted trees"
  Result<ModelPtr> (*load)(const rdata::Value& object);
};

// In the order they are tried. docs/models.md describes each.
std::span<const Loader> loaders();

// The object of a document: the root of an .rds; the object named `object` of a workspace, or its only one.
// Errors: not_found, invalid (naming the objects that are there).
Result<const rdata::Value*> select_object(const rdata::Document& document, const std::optional<std::string>& object);

// Whether some loader reads objects of its class.
bool is_model(const rdata::Value& object);

// Errors: unsupported, naming the object's class and the families that are read; corrupt, naming the slot that is wrong.
Result<ModelPtr> load_model(const rdata::Value& object);

// Reads the bytes of a model file.
Result<ModelPtr> open_model(std::span<const std::byte> bytes, const std::optional<std::string>& object = {},
                            const rdata::ReadLimits& limits = {});

}  // namespace scoria::model
