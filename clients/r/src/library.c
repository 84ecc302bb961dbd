#include "library.h"

#include <dlfcn.h>
#include <stdio.h>

struct library library;

const char* library_load(const char* place) {
  static char problem[256];
  void* handle = dlopen(place, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return dlerror();
  struct library found;
  /* POSIX's way around C, which has no cast from data to functions. */
#define FIND(name)                                                                      \
  if (!(*(void**)& found.name = dlsym(handle, #name))) {                                \
    dlclose(handle);                                                                    \
    snprintf(problem, sizeof problem, "is no libscoria: it has no function %s", #name); \
    return problem;                                                                     \
  }
  SCORIA_FUNCTIONS(FIND)
#undef FIND
  const int abi = found.scoria_abi_version();
  if (abi != SCORIA_ABI_VERSION) {
    dlclose(handle);
    snprintf(problem, sizeof problem, "has ABI version %d, this package speaks %d", abi, SCORIA_ABI_VERSION);
    return problem;
  }
  library = found;
  return NULL;
}
