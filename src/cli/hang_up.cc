#include "cli/hang_up.h"

#include <atomic>
#include <csignal>

namespace scoria::cli {
namespace {

std::atomic<bool> is_hung_up = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal's handler may set it");

}  // namespace

void catch_hang_up() {
  struct sigaction action {};
  action.sa_handler = [](int) { is_hung_up = true; };
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGHUP, &action, nullptr);
}

bool take_hang_up() { return is_hung_up.exchange(false); }

}  // namespace scoria::cli
