/* Sizes of values, and names for what they hold. */
#include <stdio.h>
#include <string.h>

#include "connection.h"

/* ---- sizes --------------------------------------------------------------------------------------------------------- */

struct count {
  double bytes, most;
  int may_change; /* an environment, or what hangs on one, was met */
};

static void count_value(SEXP value, struct count* count) {
  R_CheckStack();
  for (;;) {
    count->bytes += 8;
    if (count->bytes > count->most) return;
    const R_xlen_t length = Rf_isVector(value) ? XLENGTH(value) : 0;
    switch (TYPEOF(value)) {
      case NILSXP:
      case SYMSXP: return;
      case RAWSXP: count->bytes += (double)length; break;
      case LGLSXP:
      case INTSXP: count->bytes += 4.0 * (double)length; break;
      case REALSXP: count->bytes += 8.0 * (double)length; break;
      case CPLXSXP: count->bytes += 16.0 * (double)length; break;
      case STRSXP:
        for (R_xlen_t i = 0; i < length && count->bytes <= count->most; ++i)
          count->bytes += 8.0 + (double)LENGTH(STRING_ELT(value, i));
        break;
      case VECSXP:
      case EXPRSXP:
        for (R_xlen_t i = 0; i < length && count->bytes <= count->most; ++i) count_value(VECTOR_ELT(value, i), count);
        break;
      case LISTSXP:
      case LANGSXP:
        count_value(CAR(value), count);
        if (ATTRIB(value) != R_NilValue) count_value(ATTRIB(value), count); /* a formula's environment */
        if (count->bytes > count->most) return;
        value = CDR(value);
        continue;
      default: count->may_change = 1; return;
    }
    if (ATTRIB(value) == R_NilValue) return;
    value = ATTRIB(value);
  }
}

SEXP content_size(SEXP value, SEXP most) {
  struct count count = {.most = Rf_asReal(most)};
  count_value(value, &count);
  return Rf_ScalarReal(count.may_change ? NA_REAL : count.bytes);
}

static void count_bytes(R_outpstream_t stream, void* data, int size) {
  (void)data;
  struct count* count = stream->data;
  count->bytes += size;
  if (count->bytes > count->most) Rf_error("more than %.0f bytes", count->most);
}

static void count_char(R_outpstream_t stream, int byte) { count_bytes(stream, &byte, 1); }

SEXP content_serialized_size(SEXP value, SEXP most) {
  struct count count = {.most = Rf_asReal(most)};
  struct R_outpstream_st stream;
  R_InitOutPStream(&stream, (R_pstream_data_t)&count, R_pstream_binary_format, 3, count_char, count_bytes, NULL, R_NilValue);
  R_Serialize(value, &stream);
  return Rf_ScalarReal(count.bytes);
}

/* ---- names --------------------------------------------------------------------------------------------------------- */

/* MurmurHash3, x64, 128 bits (Austin Appleby; public domain), fed piece by piece. No protection against whoever wants two values to
 * have one name: those are his own. */
struct murmur {
  uint64_t first, second, length;
  unsigned char rest[16];
  size_t held;
};

static const uint64_t kFirst = 0x87c37b91114253d5ULL, kSecond = 0x4cf5ad432745937fULL;

static uint64_t turned(uint64_t bits, int by) { return bits << by | bits >> (64 - by); }

static uint64_t finished(uint64_t bits) {
  bits = (bits ^ bits >> 33) * 0xff51afd7ed558ccdULL;
  bits = (bits ^ bits >> 33) * 0xc4ceb9fe1a85ec53ULL;
  return bits ^ bits >> 33;
}

static void murmur_block(struct murmur* hash, const unsigned char* block) {
  uint64_t one, two;
  memcpy(&one, block, 8);
  memcpy(&two, block + 8, 8);
  hash->first ^= turned(one * kFirst, 31) * kSecond;
  hash->first = (turned(hash->first, 27) + hash->second) * 5 + 0x52dce729;
  hash->second ^= turned(two * kSecond, 33) * kFirst;
  hash->second = (turned(hash->second, 31) + hash->first) * 5 + 0x38495ab5;
}

static void murmur_add(struct murmur* hash, const unsigned char* data, size_t size) {
  hash->length += size;
  if (hash->held) {
    const size_t taken = size < 16 - hash->held ? size : 16 - hash->held;
    memcpy(hash->rest + hash->held, data, taken);
    hash->held += taken;
    data += taken;
    size -= taken;
    if (hash->held < 16) return;
    murmur_block(hash, hash->rest);
    hash->held = 0;
  }
  for (; size >= 16; data += 16, size -= 16) murmur_block(hash, data);
  memcpy(hash->rest, data, size);
  hash->held = size;
}

static void murmur_digits(struct murmur* hash, char digits[33]) {
  const uint64_t length = hash->length;
  if (hash->held) { /* zeros change nothing: the length tells them apart */
    uint64_t one, two;
    memset(hash->rest + hash->held, 0, 16 - hash->held);
    memcpy(&one, hash->rest, 8);
    memcpy(&two, hash->rest + 8, 8);
    hash->second ^= turned(two * kSecond, 33) * kFirst;
    hash->first ^= turned(one * kFirst, 31) * kSecond;
  }
  hash->first ^= length;
  hash->second ^= length;
  hash->first += hash->second;
  hash->second += hash->first;
  hash->first = finished(hash->first);
  hash->second = finished(hash->second);
  hash->first += hash->second;
  hash->second += hash->first;
  snprintf(digits, 33, "%016llx%016llx", (unsigned long long)hash->first, (unsigned long long)hash->second);
}

void hash_bytes(const void* data, size_t size, char digits[33]) {
  struct murmur hash = {0};
  murmur_add(&hash, data, size);
  murmur_digits(&hash, digits);
}

struct named {
  struct murmur hash;
  int may_change;
};

static void add_bytes(R_outpstream_t stream, void* data, int size) {
  murmur_add(&((struct named*)stream->data)->hash, data, (size_t)size);
}

static void add_char(R_outpstream_t stream, int byte) {
  const unsigned char one = (unsigned char)byte;
  murmur_add(&((struct named*)stream->data)->hash, &one, 1);
}

/* Asked for environments other than the global one, namespaces and packages; for external pointers and weak references. */
static SEXP see_reference(SEXP reference, SEXP holder) {
  (void)reference;
  ((struct named*)R_ExternalPtrAddr(holder))->may_change = 1;
  return R_NilValue;
}

SEXP content_hash(SEXP value) {
  if (TYPEOF(value) == EXTPTRSXP) { /* serialized already */
    char digits[33];
    SEXP raw = PROTECT(frame_raw(value));
    hash_bytes(RAW(raw), (size_t)XLENGTH(raw), digits);
    UNPROTECT(1);
    return Rf_mkString(digits);
  }
  struct named named = {0};
  SEXP holder = PROTECT(R_MakeExternalPtr(&named, R_NilValue, R_NilValue));
  struct R_outpstream_st stream;
  /* Version 2 writes elements, where 3 writes "1 to 10". */
  R_InitOutPStream(&stream, (R_pstream_data_t)&named, R_pstream_binary_format, 2, add_char, add_bytes, see_reference, holder);
  R_Serialize(value, &stream);
  R_ClearExternalPtr(holder);
  char digits[33];
  murmur_digits(&named.hash, digits);
  SEXP answer = named.may_change ? Rf_ScalarString(NA_STRING) : Rf_mkString(digits);
  UNPROTECT(1);
  return answer;
}
