/* Scores a small CSV file with an R model, in C, through Scoria's C interface and Arrow's C data interface.
 *
 *   score MODEL.rds INPUT.csv TYPE          for example: score model.rds input.csv prob
 *
 * The reading of the CSV file is only as good as this example needs: comma separated, a header, a column is numbers when each of its
 * cells is one, else text; NA is missing. What matters is after it: how columns become Arrow structures, and how answers are read. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <scoria/arrow_abi.h>
#include <scoria/scoria.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kMaxColumns = 64, kMaxRows = 100000 };

/* ---- A table as a CSV file has it: one cell after the other, all text. ---- */

typedef struct {
  char* text; /* the file; the cells point into it */
  char* names[kMaxColumns];
  char** cells; /* row by row; NULL is missing */
  int64_t columns, rows;
} Csv;

static void fail(const char* what, const char* detail) {
  fprintf(stderr, "score: %s%s%s\n", what, *detail ? ": " : "", detail);
  exit(1);
}

static void* allocate(size_t bytes) {
  void* memory = calloc(bytes + 1, 1);
  if (memory == NULL) fail("out of memory", "");
  return memory;
}

/* Cuts the next cell off *at; *ended says whether it was the last of its line. */
static char* next_cell(char** at, int* ended) {
  char* begin = *at;
  const int quoted = *begin == '"';
  char* end;
  if (quoted) {
    end = strchr(++begin, '"');
    if (end == NULL) fail("a quote is not closed", "");
    *end++ = '\0';
  } else {
    end = begin + strcspn(begin, ",\n");
  }
  *ended = *end != ',';
  *at = *end == '\0' ? end : end + 1;
  *end = '\0';
  return quoted || strcmp(begin, "NA") != 0 ? begin : NULL;
}

static Csv read_csv(const char* path) {
  Csv csv = {0};
  FILE* file = fopen(path, "rb");
  if (file == NULL) fail(path, strerror(errno));
  fseek(file, 0, SEEK_END);
  const long size = ftell(file);
  rewind(file);
  csv.text = allocate((size_t)size);
  if (fread(csv.text, 1, (size_t)size, file) != (size_t)size) fail(path, "cannot be read");
  fclose(file);

  char* at = csv.text;
  int ended = 0;
  while (!ended) {
    if (csv.columns == kMaxColumns) fail(path, "too many columns for this example");
    csv.names[csv.columns++] = next_cell(&at, &ended);
  }
  csv.cells = allocate(sizeof(char*) * kMaxRows * (size_t)csv.columns);
  for (; *at != '\0'; ++csv.rows) {
    if (csv.rows == kMaxRows) fail(path, "too many rows for this example");
    for (int64_t i = 0; i < csv.columns; ++i) {
      csv.cells[csv.rows * csv.columns + i] = next_cell(&at, &ended);
      if (ended != (i + 1 == csv.columns)) fail(path, "rows differ in their number of cells");
    }
  }
  return csv;
}

/* ---- The table as Arrow: a struct array whose children are the columns. ---- */

/* Everything of one structure is in memory that its private_data remembers, so that release can free it. */
static void release_schema(struct ArrowSchema* schema) {
  for (int64_t i = 0; i < schema->n_children; ++i) {
    if (schema->children[i]->release != NULL) schema->children[i]->release(schema->children[i]);
    free(schema->children[i]);
  }
  free(schema->children);
  schema->release = NULL; /* this says "released" to whoever looks */
}

static void release_array(struct ArrowArray* array) {
  for (int64_t i = 0; i < array->n_children; ++i) {
    if (array->children[i]->release != NULL) array->children[i]->release(array->children[i]);
    free(array->children[i]);
  }
  for (int64_t i = 0; i < array->n_buffers; ++i) free((void*)array->buffers[i]);
  free(array->buffers);
  free(array->children);
  array->release = NULL;
}

static int is_number(const char* cell) {
  char* end;
  strtod(cell, &end);
  return end != cell && *end == '\0';
}

/* One column: "g" is float64, "u" is UTF-8 text. The first buffer is a bitmap in which bit i says that row i has a value. */
static void make_column(const Csv* csv, int64_t column, struct ArrowSchema* schema, struct ArrowArray* array) {
  const size_t rows = (size_t)csv->rows;
  int numeric = 1;
  size_t bytes = 0;
  uint8_t* valid = allocate((rows + 7) / 8);
  array->length = csv->rows;
  for (size_t row = 0; row < rows; ++row) {
    const char* cell = csv->cells[row * (size_t)csv->columns + (size_t)column];
    if (cell == NULL) {
      ++array->null_count;
      continue;
    }
    valid[row / 8] |= (uint8_t)(1u << (row % 8));
    bytes += strlen(cell);
    if (!is_number(cell)) numeric = 0;
  }
  array->n_buffers = numeric ? 2 : 3;
  array->buffers = allocate(sizeof(void*) * 3);
  array->buffers[0] = valid;
  double* values = numeric ? allocate(sizeof(double) * rows) : NULL;
  int32_t* offsets = numeric ? NULL : allocate(sizeof(int32_t) * (rows + 1));
  char* text = numeric ? NULL : allocate(bytes);
  for (size_t row = 0; row < rows; ++row) {
    const char* cell = csv->cells[row * (size_t)csv->columns + (size_t)column];
    if (numeric) {
      values[row] = cell == NULL ? 0 : strtod(cell, NULL);
    } else {
      const size_t length = cell == NULL ? 0 : strlen(cell);
      memcpy(text + offsets[row], cell == NULL ? "" : cell, length);
      offsets[row + 1] = offsets[row] + (int32_t)length;
    }
  }
  array->buffers[1] = numeric ? (const void*)values : (const void*)offsets;
  array->buffers[2] = text;
  array->release = release_array;

  schema->format = numeric ? "g" : "u";
  schema->name = csv->names[column]; /* lives as long as the table, which is longer than this */
  schema->flags = ARROW_FLAG_NULLABLE;
  schema->release = release_schema;
}

static void make_batch(const Csv* csv, struct ArrowSchema* schema, struct ArrowArray* array) {
  memset(schema, 0, sizeof *schema);
  memset(array, 0, sizeof *array);
  schema->format = "+s";
  schema->n_children = array->n_children = csv->columns;
  schema->children = allocate(sizeof(void*) * (size_t)csv->columns);
  array->children = allocate(sizeof(void*) * (size_t)csv->columns);
  array->length = csv->rows;
  array->n_buffers = 1; /* a struct's bitmap, absent: every row is there */
  array->buffers = allocate(sizeof(void*));
  for (int64_t i = 0; i < csv->columns; ++i) {
    schema->children[i] = allocate(sizeof(struct ArrowSchema));
    array->children[i] = allocate(sizeof(struct ArrowArray));
    make_column(csv, i, schema->children[i], array->children[i]);
  }
  schema->release = release_schema;
  array->release = release_array;
}

/* ---- The answer: columns of float64 ("g"), int32 ("i") or a factor (a dictionary with text as its entries). ---- */

static int is_null(const struct ArrowArray* array, int64_t row) {
  const uint8_t* valid = array->buffers[0];
  return valid != NULL && (valid[row / 8] >> (row % 8) & 1) == 0;
}

static void print_large_text(const struct ArrowArray* array, int64_t row) {
  const int64_t* offsets = array->buffers[1];
  printf("\"%.*s\"", (int)(offsets[row + 1] - offsets[row]), (const char*)array->buffers[2] + offsets[row]);
}

static void print_cell(const struct ArrowSchema* schema, const struct ArrowArray* array, int64_t row) {
  if (is_null(array, row)) {
    printf("NA");
  } else if (schema->dictionary != NULL) {
    print_large_text(array->dictionary, ((const int32_t*)array->buffers[1])[row]);
  } else if (strcmp(schema->format, "g") == 0) {
    printf("%.17g", ((const double*)array->buffers[1])[row]);
  } else if (strcmp(schema->format, "i") == 0) {
    printf("%d", ((const int32_t*)array->buffers[1])[row]);
  } else if (strcmp(schema->format, "b") == 0) {
    printf("%s", ((const uint8_t*)array->buffers[1])[row / 8] >> (row % 8) & 1 ? "TRUE" : "FALSE");
  } else {
    print_large_text(array, row); /* "U" */
  }
}

static void print_table(const struct ArrowSchema* schema, const struct ArrowArray* array) {
  for (int64_t i = 0; i < schema->n_children; ++i) printf("%s\"%s\"", i == 0 ? "" : ",", schema->children[i]->name);
  printf("\n");
  for (int64_t row = 0; row < array->length; ++row) {
    for (int64_t i = 0; i < schema->n_children; ++i) {
      if (i > 0) printf(",");
      print_cell(schema->children[i], array->children[i], row);
    }
    printf("\n");
  }
}

/* ---- */

static void check(scoria_code code, scoria_error* error) {
  if (code != SCORIA_OK) fail(scoria_code_name(code), scoria_error_message(error));
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: score MODEL.rds INPUT.csv TYPE\n");
    return 2;
  }
  scoria_error* error = NULL;
  scoria_model* model = NULL;
  scoria_code code = scoria_model_open_file(argv[1], NULL, &model, &error);
  check(code, error);
  fprintf(stderr, "%s\n", scoria_model_describe(model));

  Csv csv = read_csv(argv[2]);
  struct ArrowSchema rows_type, answer_type;
  struct ArrowArray rows, answer;
  make_batch(&csv, &rows_type, &rows);

  const char* types[] = {argv[3]};
  const scoria_request request = {.size = sizeof request, .types = types, .type_count = 1};
  scoria_notes* notes = NULL;
  code = scoria_model_score(model, &request, &rows_type, &rows, &answer_type, &answer, &notes, &error);
  check(code, error);
  for (size_t i = 0; i < scoria_notes_count(notes); ++i) fprintf(stderr, "note: %s\n", scoria_notes_text(notes, i));
  print_table(&answer_type, &answer);

  /* rows and rows_type belonged to the library, which released them; the answer is ours to release. */
  answer.release(&answer);
  answer_type.release(&answer_type);
  scoria_notes_free(notes);
  scoria_model_free(model);
  free(csv.cells);
  free(csv.text);
  return 0;
}
