// Finds and loads the Arrow module, once, when something first needs it.
// Threads: may be called from several threads; the module stays loaded until the program ends.
#pragma once

#include <string_view>

#include "arrowio/module.h"
#include "base/result.h"

namespace scoria::arrowio {

// Looked for at $SCORIA_ARROW, beside the program, in ../lib and ../lib/scoria from there, and where the build leaves it.
// Errors: unsupported, when it is not there or of another version, naming `path`, which needs it, and the command that makes it.
Result<const ModuleApi*> load_module(std::string_view path);

// What the module said, about `path`.
Error from_module(std::string_view path, const ModuleError& error);

}  // namespace scoria::arrowio
