/* Frames between client and worker (docs/formats/worker.md): a head of 16 bytes, and a serialized value. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "connection.h"

/* Larger payloads go as memory that both sides map. So small, since what is in the socket's buffer while the worker is writing
 * itself must fit there: else both would wait for the other to read. */
enum { kShared = 1, kMostInline = 32 << 10 };

struct head {
  uint32_t kind, flags;
  uint64_t length;
};

/* ---- serialized values --------------------------------------------------------------------------------------------- */

struct packed {
  char* data;
  size_t size, room;
  int descriptor; /* of a memfd with the same bytes, once it was wanted; -1 */
};

static void free_packed(SEXP holder) {
  struct packed* packed = R_ExternalPtrAddr(holder);
  if (!packed) return;
  if (packed->descriptor >= 0) close(packed->descriptor);
  free(packed->data);
  free(packed);
  R_ClearExternalPtr(holder);
}

static void write_bytes(R_outpstream_t stream, void* data, int size) {
  struct packed* packed = stream->data;
  if (packed->size + (size_t)size > packed->room) {
    size_t room = packed->room ? packed->room : 4096;
    while (room < packed->size + (size_t)size) room *= 2;
    char* more = realloc(packed->data, room);
    if (!more) Rf_error("out of memory: a value takes more than %.0f bytes once serialized", (double)packed->room);
    packed->data = more;
    packed->room = room;
  }
  memcpy(packed->data + packed->size, data, (size_t)size);
  packed->size += (size_t)size;
}

static void write_char(R_outpstream_t stream, int byte) {
  char one = (char)byte;
  write_bytes(stream, &one, 1);
}

SEXP frame_pack(SEXP value) {
  struct packed* packed = calloc(1, sizeof *packed);
  if (!packed) Rf_error("out of memory");
  packed->descriptor = -1;
  SEXP holder = PROTECT(R_MakeExternalPtr(packed, R_NilValue, R_NilValue));
  R_RegisterCFinalizer(holder, free_packed);
  struct R_outpstream_st stream;
  R_InitOutPStream(&stream, (R_pstream_data_t)packed, R_pstream_binary_format, 3, write_char, write_bytes, NULL, R_NilValue);
  R_Serialize(value, &stream);
  UNPROTECT(1);
  return holder;
}

static struct packed* packed_of(SEXP holder) {
  struct packed* packed = TYPEOF(holder) == EXTPTRSXP ? R_ExternalPtrAddr(holder) : NULL;
  if (!packed) Rf_error("no serialized value");
  return packed;
}

SEXP frame_size(SEXP holder) { return Rf_ScalarReal((double)packed_of(holder)->size); }

SEXP frame_raw(SEXP holder) {
  const struct packed* packed = packed_of(holder);
  SEXP raw = Rf_allocVector(RAWSXP, (R_xlen_t)packed->size);
  if (packed->size) memcpy(RAW(raw), packed->data, packed->size);
  return raw;
}

/* A memfd with the bytes. */
static int shared(struct packed* packed) {
  if (packed->descriptor >= 0) return packed->descriptor;
  const int made = memfd_create("scoria", MFD_CLOEXEC);
  if (made < 0) Rf_error("no shared memory: %s", strerror(errno));
  for (size_t done = 0; done < packed->size;) {
    const ssize_t wrote = write(made, packed->data + done, packed->size - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      const int why = errno;
      close(made);
      Rf_error("no shared memory for %.0f bytes: %s", (double)packed->size, strerror(why));
    }
    done += (size_t)wrote;
  }
  return packed->descriptor = made;
}

/* ---- sending, receiving -------------------------------------------------------------------------------------------- */

SEXP frame_send(SEXP connection, SEXP kind, SEXP holder) {
  const int socket = connection_socket(connection);
  if (socket < 0) return Rf_ScalarLogical(FALSE);
  struct head head = {.kind = (uint32_t)Rf_asInteger(kind)};
  if (holder == R_NilValue) return Rf_ScalarLogical(send_all(socket, &head, sizeof head, -1));
  struct packed* packed = packed_of(holder);
  head.length = packed->size;
  if (packed->size > kMostInline) {
    head.flags = kShared;
    return Rf_ScalarLogical(send_all(socket, &head, sizeof head, shared(packed)));
  }
  char whole[sizeof head + kMostInline]; /* one write wakes the worker once */
  memcpy(whole, &head, sizeof head);
  memcpy(whole + sizeof head, packed->data, packed->size);
  return Rf_ScalarLogical(send_all(socket, whole, sizeof head + packed->size, -1));
}

struct source {
  const char* data;
  size_t size, next;
};

static void read_bytes(R_inpstream_t stream, void* data, int size) {
  struct source* source = stream->data;
  if (source->size - source->next < (size_t)size) Rf_error("a worker's answer ends too early");
  memcpy(data, source->data + source->next, (size_t)size);
  source->next += (size_t)size;
}

static int read_char(R_inpstream_t stream) {
  unsigned char one;
  read_bytes(stream, &one, 1);
  return one;
}

static SEXP unpack(void* data) {
  struct R_inpstream_st stream;
  R_InitInPStream(&stream, (R_pstream_data_t)data, R_pstream_any_format, read_char, read_bytes, NULL, R_NilValue);
  return R_Unserialize(&stream);
}

static void unmap(void* data) {
  const struct source* source = data;
  munmap((void*)source->data, source->size);
}

static SEXP answer_of(const struct head* head, SEXP value) {
  const char* fields[] = {"kind", "flags", "bytes", "value", ""};
  PROTECT(value);
  SEXP answer = PROTECT(Rf_mkNamed(VECSXP, fields));
  SET_VECTOR_ELT(answer, 0, Rf_ScalarInteger((int)head->kind));
  SET_VECTOR_ELT(answer, 1, Rf_ScalarInteger((int)head->flags));
  SET_VECTOR_ELT(answer, 2, Rf_ScalarReal((double)head->length));
  SET_VECTOR_ELT(answer, 3, value);
  UNPROTECT(2);
  return answer;
}

SEXP frame_receive(SEXP connection, SEXP most) {
  const int socket = connection_socket(connection);
  struct head head;
  int descriptor = -1;
  int count = 1;
  if (socket < 0 || !receive_all(socket, &head, sizeof head, &descriptor, &count)) return R_NilValue;
  if (count == 0) descriptor = -1;
  const int is_shared = (head.flags & kShared) != 0;
  if ((double)head.length > Rf_asReal(most) || (is_shared && descriptor < 0)) {
    if (descriptor >= 0) close(descriptor);
    return answer_of(&head, R_NilValue);
  }
  if (head.length == 0) {
    if (descriptor >= 0) close(descriptor);
    return answer_of(&head, R_NilValue);
  }
  struct source source = {.size = head.length};
  SEXP value;
  if (is_shared) {
    void* mapped = mmap(NULL, source.size, PROT_READ, MAP_SHARED | MAP_POPULATE, descriptor, 0);
    close(descriptor);
    if (mapped == MAP_FAILED) Rf_error("cannot map a worker's answer of %.0f bytes: %s", (double)head.length, strerror(errno));
    source.data = mapped;
    value = R_ExecWithCleanup(unpack, &source, unmap, &source);
    return answer_of(&head, value);
  }
  SEXP bytes = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)head.length));
  if (!receive_all(socket, RAW(bytes), head.length, NULL, NULL)) {
    UNPROTECT(1);
    return R_NilValue;
  }
  source.data = (const char*)RAW(bytes);
  value = PROTECT(unpack(&source));
  SEXP answer = answer_of(&head, value);
  UNPROTECT(2);
  return answer;
}
