// SIGHUP, by which a program that serves is told to read its files again. Threads: catch_hang_up() once, the rest any number.
#pragma once

namespace scoria::cli {

// From now on the signal ends nothing.
void catch_hang_up();
// Whether it came since the last call.
bool take_hang_up();

}  // namespace scoria::cli
