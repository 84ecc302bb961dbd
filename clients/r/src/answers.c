#include <string.h>

#include "columns.h"

static int is_missing(const struct ArrowArray* array, int64_t row) {
  const unsigned char* bits = array->buffers[0];
  return bits && !(bits[row / 8] >> (row % 8) & 1);
}

static SEXP doubles(const struct ArrowArray* array) {
  SEXP answer = Rf_allocVector(REALSXP, array->length);
  if (array->length) memcpy(REAL(answer), array->buffers[1], (size_t)array->length * sizeof(double));
  if (array->buffers[0]) {
    for (int64_t row = 0; row < array->length; ++row) {
      if (is_missing(array, row)) REAL(answer)[row] = NA_REAL;
    }
  }
  return answer;
}

/* `first`: what 0 becomes; R counts levels from 1. */
static SEXP integers(const struct ArrowArray* array, int first) {
  const int32_t* values = array->buffers[1];
  SEXP answer = Rf_allocVector(INTSXP, array->length);
  for (int64_t row = 0; row < array->length; ++row)
    INTEGER(answer)[row] = is_missing(array, row) ? NA_INTEGER : values[row] + first;
  return answer;
}

static SEXP logicals(const struct ArrowArray* array) {
  const unsigned char* bits = array->buffers[1];
  SEXP answer = Rf_allocVector(LGLSXP, array->length);
  for (int64_t row = 0; row < array->length; ++row) {
    LOGICAL(answer)[row] = is_missing(array, row) ? NA_LOGICAL : bits[row / 8] >> (row % 8) & 1;
  }
  return answer;
}

static SEXP texts(const struct ArrowArray* array) {
  const int64_t* offsets = array->buffers[1];
  const char* bytes = array->buffers[2];
  SEXP answer = PROTECT(Rf_allocVector(STRSXP, array->length));
  for (int64_t row = 0; row < array->length; ++row) {
    const int64_t size = offsets[row + 1] - offsets[row];
    SET_STRING_ELT(answer, row,
                   is_missing(array, row) ? NA_STRING : Rf_mkCharLenCE(bytes + offsets[row], (int)size, CE_UTF8));
  }
  UNPROTECT(1);
  return answer;
}

static SEXP factor(const struct ArrowSchema* type, const struct ArrowArray* array) {
  SEXP answer = PROTECT(integers(array, 1));
  Rf_setAttrib(answer, R_LevelsSymbol, PROTECT(texts(array->dictionary)));
  const int is_ordered = (type->flags & ARROW_FLAG_DICTIONARY_ORDERED) != 0;
  SEXP class = PROTECT(Rf_allocVector(STRSXP, 1 + is_ordered));
  if (is_ordered) SET_STRING_ELT(class, 0, Rf_mkChar("ordered"));
  SET_STRING_ELT(class, is_ordered, Rf_mkChar("factor"));
  Rf_setAttrib(answer, R_ClassSymbol, class);
  UNPROTECT(3);
  return answer;
}

static SEXP column_to_r(const struct ArrowSchema* type, const struct ArrowArray* array) {
  if (type->dictionary) return factor(type, array);
  if (strcmp(type->format, "g") == 0) return doubles(array);
  if (strcmp(type->format, "i") == 0) return integers(array, 0);
  if (strcmp(type->format, "b") == 0) return logicals(array);
  if (strcmp(type->format, "U") == 0) return texts(array);
  Rf_error("column '%s' of the answer has Arrow type '%s': this package is older than the library", type->name,
           type->format);
}

SEXP columns_to_r(const struct ArrowSchema* type, const struct ArrowArray* batch) {
  SEXP columns = PROTECT(Rf_allocVector(VECSXP, batch->n_children));
  SEXP names = PROTECT(Rf_allocVector(STRSXP, batch->n_children));
  Rf_setAttrib(columns, R_NamesSymbol, names);
  for (int64_t i = 0; i < batch->n_children; ++i) {
    SET_STRING_ELT(names, i, Rf_mkCharCE(type->children[i]->name, CE_UTF8));
    SET_VECTOR_ELT(columns, i, column_to_r(type->children[i], batch->children[i]));
  }
  UNPROTECT(2);
  return columns;
}
