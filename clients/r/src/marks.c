/* A file of 64 bytes for each worker, mapped by both sides: which iteration it is at, and since when. So the client knows what a
 * worker was doing when it died, and which one takes too long, without a message. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "connection.h"

struct slot {
  _Atomic uint64_t iteration;
  _Atomic uint64_t since; /* CLOCK_MONOTONIC, nanoseconds: one clock for all processes of a machine */
  char room[48];
};


static uint64_t now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000000U + (uint64_t)at.tv_nsec;
}

static void unmap(SEXP holder) {
  struct slot* slots = R_ExternalPtrAddr(holder);
  if (!slots) return;
  munmap(slots, sizeof *slots * (size_t)INTEGER(R_ExternalPtrTag(holder))[0]);
  R_ClearExternalPtr(holder);
}

SEXP marks_open(SEXP path, SEXP slots) {
  const char* name = Rf_translateChar(STRING_ELT(path, 0));
  const int count = Rf_asInteger(slots);
  const size_t size = sizeof(struct slot) * (size_t)count;
  const int file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) Rf_error("'%s': %s", name, strerror(errno));
  const int failed = ftruncate(file, (off_t)size) != 0;
  void* mapped = failed ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  const int why = errno;
  close(file);
  if (mapped == MAP_FAILED) Rf_error("'%s': %s", name, strerror(why));
  SEXP tag = PROTECT(Rf_ScalarInteger(count));
  SEXP holder = PROTECT(R_MakeExternalPtr(mapped, tag, R_NilValue));
  R_RegisterCFinalizer(holder, unmap);
  UNPROTECT(2);
  return holder;
}

static struct slot* slot_of(SEXP holder, SEXP slot) {
  struct slot* slots = TYPEOF(holder) == EXTPTRSXP ? R_ExternalPtrAddr(holder) : NULL;
  const int index = Rf_asInteger(slot);
  if (!slots || index < 1 || index > INTEGER(R_ExternalPtrTag(holder))[0]) return NULL;
  return slots + index - 1;
}

SEXP mark(SEXP holder, SEXP slot, SEXP iteration) {
  struct slot* own = slot_of(holder, slot);
  if (!own) return R_NilValue;
  atomic_store(&own->since, now());
  atomic_store(&own->iteration, (uint64_t)Rf_asReal(iteration));
  return R_NilValue;
}

SEXP clock_seconds(void) { return Rf_ScalarReal(1e-9 * (double)now()); }

SEXP mark_of(SEXP holder, SEXP slot) {
  SEXP answer = Rf_allocVector(REALSXP, 2);
  const struct slot* own = slot_of(holder, slot);
  REAL(answer)[0] = own ? (double)atomic_load(&((struct slot*)own)->iteration) : 0;
  REAL(answer)[1] = own ? 1e-9 * (double)(now() - atomic_load(&((struct slot*)own)->since)) : 0;
  return answer;
}
