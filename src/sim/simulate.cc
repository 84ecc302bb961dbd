// simulate: runs the simulated cluster for many seeds, or one of them with all that goes on.
// usage: simulate [--from SEED] [--seeds N] [--busy SECONDS] [--faults MASK] [--tell] [--twice] [--first] [--bug NAME] [--bugs]
// Ends with 1 and the seeds that broke a promise. --twice runs each seed again and compares: a run must repeat. --first stops at the first that
// is broken. In a build with SCORIA_SEEDED_BUGS --bug has that bug, and --bugs lists all there are.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/log.h"
#include "base/seeded_bug.h"
#include "sim/world.h"

namespace {

using scoria::sim::World;

struct Arguments {
  std::uint64_t from = 1, seeds = 100;
  bool is_twice = false, stops_at_first = false;
  World::Options options;
};

struct NamedBug {
  scoria::SeededBug bug;
  const char* name;
  const char* what;
};
constexpr NamedBug kBugs[] = {
#define SCORIA_BUG(name, what) {scoria::SeededBug::name, #name, what},
    SCORIA_BUGS(SCORIA_BUG)
#undef SCORIA_BUG
};

bool choose_bug([[maybe_unused]] const std::string& name) {
#ifdef SCORIA_SEEDED_BUGS
  for (const NamedBug& one : kBugs) {
    if (name == one.name) scoria::seeded_bug = one.bug;
  }
  if (scoria::seeded_bug != scoria::SeededBug::none) return true;
  std::fprintf(stderr, "simulate: '%s' is no bug, see --bugs\n", name.c_str());
#else
  std::fprintf(stderr, "simulate: --bug needs a build with SCORIA_SEEDED_BUGS=ON (make seeded-bugs)\n");
#endif
  return false;
}

bool read(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::strtoull(argv[++i], nullptr, 0) : 0; };
    if (name == "--from") {
      arguments.from = number();
    } else if (name == "--seeds") {
      arguments.seeds = number();
    } else if (name == "--busy") {
      arguments.options.busy = std::chrono::seconds(number());
    } else if (name == "--faults") {
      arguments.options.faults = static_cast<std::uint32_t>(number());
    } else if (name == "--tell") {
      arguments.options.tells = true;
    } else if (name == "--twice") {
      arguments.is_twice = true;
    } else if (name == "--first") {
      arguments.stops_at_first = true;
    } else if (name == "--bug") {
      if (!choose_bug(i + 1 < argc ? argv[++i] : "")) return false;
    } else if (name == "--bugs") {
      for (const NamedBug& bug : kBugs) std::printf("%s\t%s\n", bug.name, bug.what);
      std::exit(0);
    } else {
      std::fprintf(stderr,
                   "simulate: '%s' is none of --from SEED, --seeds N, --busy SECONDS, --faults MASK, --tell, --twice, "
                   "--first, --bug NAME, --bugs\n",
                   name.c_str());
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!read(argc, argv, arguments)) return 2;
  if (arguments.options.tells) {
    scoria::log::set_sink(
        [](scoria::log::Level, const std::string& line) { std::fprintf(stderr, "           %s\n", line.c_str()); },
        scoria::log::Level::info);
  }
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t bad = 0, tasks = 0, steps = 0, faults = 0;
  for (std::uint64_t seed = arguments.from; seed < arguments.from + arguments.seeds; ++seed) {
    World::Verdict verdict = World(seed, arguments.options).run();
    if (arguments.is_twice && verdict.broken.empty()) {
      const World::Verdict again = World(seed, arguments.options).run();
      if (again.digest != verdict.digest) verdict.broken.push_back("a second run of the seed went another way");
    }
    tasks += verdict.tasks;
    steps += verdict.steps;
    faults += verdict.faults;
    if (verdict.broken.empty()) continue;
    ++bad;
    for (const std::string& what : verdict.broken) {
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), what.c_str());
    }
    if (arguments.stops_at_first) break;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%llu seeds, %llu broken; %llu runs of tasks, %llu faults, %llu events, %.1f s\n",
              static_cast<unsigned long long>(arguments.seeds), static_cast<unsigned long long>(bad),
              static_cast<unsigned long long>(tasks), static_cast<unsigned long long>(faults),
              static_cast<unsigned long long>(steps), took.count());
  return bad == 0 ? 0 : 1;
}
