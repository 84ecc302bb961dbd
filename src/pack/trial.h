// Whether a ready form answers as the model that it was made of: both are tried on random rows, and every bit is compared.
// Threads: free function.
#pragma once

#include "base/result.h"
#include "model/model.h"
#include "pack/ready_form.h"

namespace scoria::pack {

enum class Trial : std::uint8_t {
  same,
  described_otherwise,  // the model would say other things of itself: it is better kept as its file
};

// `seed` makes the rows. Errors: conflict, where an answer differs, saying which; corrupt.
Result<Trial> try_out(const model::Model& model, const ReadyModel& ready, const Schema& schema, std::uint64_t seed);

}  // namespace scoria::pack
