#include <R.h>
#include <string.h>

#include "columns.h"

/* All is R_alloc()'s: there is nothing to free, of children neither. */
static void release_type(struct ArrowSchema* type) { type->release = NULL; }
static void release_array(struct ArrowArray* array) { array->release = NULL; }

static void* zeroed(size_t count, size_t size) {
  void* memory = R_alloc(count, (int)size);
  return memset(memory, 0, count * size);
}

/* One bit a row, and what tells the rows without a value. */
static unsigned char* all_bits(R_xlen_t rows) { return memset(R_alloc(rows / 8 + 1, 1), 0xff, rows / 8 + 1); }
static void clear_bit(unsigned char* bits, R_xlen_t row) { bits[row / 8] &= (unsigned char)~(1u << (row % 8)); }
static void mark_missing(struct ArrowArray* array, R_xlen_t row) {
  if (!array->buffers[0]) array->buffers[0] = all_bits(array->length);
  clear_bit((unsigned char*)array->buffers[0], row);
  ++array->null_count;
}

static void describe(struct ArrowSchema* type, struct ArrowArray* array, const char* format, const char* name,
                     R_xlen_t rows, int buffers) {
  *type = (struct ArrowSchema){.format = format, .name = name, .flags = ARROW_FLAG_NULLABLE, .release = release_type};
  *array = (struct ArrowArray){.length = rows, .n_buffers = buffers, .release = release_array};
  array->buffers = zeroed(buffers ? buffers : 1, sizeof(void*));
}

static void lend_doubles(SEXP column, const char* name, struct slice slice, struct ArrowSchema* type,
                         struct ArrowArray* array) {
  describe(type, array, "g", name, slice.rows, 2);
  const double* values = REAL(column) + slice.first;
  array->buffers[1] = values;
  for (R_xlen_t row = 0; row < array->length; ++row) {
    if (values[row] != values[row] && R_IsNA(values[row])) mark_missing(array, row); /* NaN is a value */
  }
}

static void lend_integers(SEXP column, const char* name, struct slice slice, struct ArrowSchema* type,
                          struct ArrowArray* array) {
  describe(type, array, "i", name, slice.rows, 2);
  const int* values = INTEGER(column) + slice.first;
  array->buffers[1] = values;
  for (R_xlen_t row = 0; row < array->length; ++row) {
    if (values[row] == NA_INTEGER) mark_missing(array, row);
  }
}

static void lend_logicals(SEXP column, const char* name, struct slice slice, struct ArrowSchema* type,
                          struct ArrowArray* array) {
  describe(type, array, "b", name, slice.rows, 2);
  const int* values = LOGICAL(column) + slice.first;
  unsigned char* bits = all_bits(array->length);
  array->buffers[1] = bits;
  for (R_xlen_t row = 0; row < array->length; ++row) {
    if (values[row] == NA_LOGICAL) mark_missing(array, row);
    if (values[row] == 0) clear_bit(bits, row);
  }
}

static void lend_texts(SEXP column, const char* name, struct slice slice, struct ArrowSchema* type,
                       struct ArrowArray* array) {
  const R_xlen_t rows = slice.rows;
  describe(type, array, "U", name, rows, 3);
  const char** texts = (const char**)R_alloc(rows + 1, sizeof(char*));
  int64_t* offsets = (int64_t*)R_alloc(rows + 1, sizeof(int64_t));
  offsets[0] = 0;
  for (R_xlen_t row = 0; row < rows; ++row) {
    SEXP text = STRING_ELT(column, slice.first + row);
    const int is_missing = text == NA_STRING;
    if (is_missing) mark_missing(array, row);
    texts[row] = is_missing ? "" : Rf_translateCharUTF8(text);
    offsets[row + 1] = offsets[row] + (int64_t)strlen(texts[row]);
  }
  char* bytes = R_alloc((size_t)offsets[rows] + 1, 1);
  for (R_xlen_t row = 0; row < rows; ++row)
    memcpy(bytes + offsets[row], texts[row], (size_t)(offsets[row + 1] - offsets[row]));
  array->buffers[1] = offsets;
  array->buffers[2] = bytes;
}

/* R counts levels from 1, Arrow from 0. */
static void lend_factor(SEXP column, const char* name, struct slice slice, struct ArrowSchema* type,
                        struct ArrowArray* array) {
  const R_xlen_t rows = slice.rows;
  describe(type, array, "i", name, rows, 2);
  if (Rf_inherits(column, "ordered")) type->flags |= ARROW_FLAG_DICTIONARY_ORDERED;
  const int* codes = INTEGER(column) + slice.first;
  int* indices = (int*)R_alloc(rows + 1, sizeof(int));
  array->buffers[1] = indices;
  for (R_xlen_t row = 0; row < rows; ++row) {
    const int is_missing = codes[row] == NA_INTEGER;
    if (is_missing) mark_missing(array, row);
    indices[row] = is_missing ? 0 : codes[row] - 1;
  }
  type->dictionary = zeroed(1, sizeof(struct ArrowSchema));
  array->dictionary = zeroed(1, sizeof(struct ArrowArray));
  SEXP levels = Rf_getAttrib(column, R_LevelsSymbol);
  if (TYPEOF(levels) != STRSXP) Rf_error("column '%s' is a factor without levels", name);
  lend_texts(levels, "", (struct slice){0, XLENGTH(levels)}, type->dictionary, array->dictionary);
}

static void lend_column(SEXP column, const char* name, struct slice slice, struct ArrowSchema* type,
                        struct ArrowArray* array) {
  if (column == R_NilValue) {
    describe(type, array, "n", name, slice.rows, 0);
    array->null_count = slice.rows;
    return;
  }
  if (XLENGTH(column) < slice.first + slice.rows) {
    Rf_error("column '%s' has %.0f rows, newdata has more", name, (double)XLENGTH(column));
  }
  switch (TYPEOF(column)) {
    case REALSXP: lend_doubles(column, name, slice, type, array); break;
    case LGLSXP: lend_logicals(column, name, slice, type, array); break;
    case STRSXP: lend_texts(column, name, slice, type, array); break;
    case INTSXP: (Rf_isFactor(column) ? lend_factor : lend_integers)(column, name, slice, type, array); break;
    default: Rf_error("column '%s' is of type %s, which no model takes", name, Rf_type2char(TYPEOF(column)));
  }
}

void lend_columns(SEXP columns, SEXP names, struct slice slice, struct ArrowSchema* type, struct ArrowArray* batch) {
  const R_xlen_t count = XLENGTH(columns);
  describe(type, batch, "+s", "", slice.rows, 1);
  type->n_children = batch->n_children = count;
  type->children = zeroed(count + 1, sizeof(struct ArrowSchema*));
  batch->children = zeroed(count + 1, sizeof(struct ArrowArray*));
  for (R_xlen_t i = 0; i < count; ++i) {
    type->children[i] = zeroed(1, sizeof(struct ArrowSchema));
    batch->children[i] = zeroed(1, sizeof(struct ArrowArray));
    lend_column(VECTOR_ELT(columns, i), Rf_translateCharUTF8(STRING_ELT(names, i)), slice, type->children[i],
                batch->children[i]);
  }
}
