// The models of a pack as a set: docs/formats/pack.md. Ready models are scored where they lie; others are read when they are first needed.
// Threads: as ModelSet.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "pack/pack.h"
#include "pack/schema.h"
#include "plan/model_set.h"

namespace scoria::plan {

// Errors: corrupt, where what the pack says of its models makes no sense.
Result<std::unique_ptr<ModelSet>> pack_set(const pack::PackPtr& pack);

// What its models have in common, by number. Errors: corrupt.
Result<std::vector<pack::Schema>> read_schemas(const pack::Pack& pack);

// Whether the path is that of a file that begins as a pack does.
bool is_pack_file(const std::string& path);

}  // namespace scoria::plan
