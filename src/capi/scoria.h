// Scoria's scoring library for C: opens R model files as inert data and scores Arrow tables with R's own numbers.
// C99 and C++. Link with libscoria (pkg-config scoria); docs/embedding.md shows it used from C and from Python.
//
// The library prints nothing, ends nothing and keeps no state of its own: all there is hangs on a scoria_model. Nothing is
// ever evaluated of what a file holds. Every failure comes back as a scoria_code and, where the caller gives a place for it, a
// scoria_error that says which thing, what is wrong and what would be right.
//
// Threads: a scoria_model does not change once open; any number of threads may use one at once. Only scoria_model_free() needs it for
//   itself. No thread is started before the first call that has enough to share, and none at all unless `threads` is above 1.
// Fork: a child may go on using the models of its parent; where it wants threads, it starts its own. fork() while another thread is within
//   a call leaves the child what POSIX promises: little. Free models in the process that opened them, or leave them to its end.
// Text is UTF-8, ended by a zero byte. NULL where a pointer is required is an error, not a crash.
#pragma once

// NOLINTBEGIN(modernize-*, readability-identifier-naming): this header is C
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SCORIA_API __attribute__((visibility("default")))
#else
#define SCORIA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

// Raised when a program compiled with an older header would no longer work; the shared library's name carries it (libscoria.so.1).
#define SCORIA_ABI_VERSION 1

// What the library was built as: compare it with SCORIA_ABI_VERSION where the library is loaded by hand.
SCORIA_API int32_t scoria_abi_version(void);
// "0.1.0". Never NULL, never freed.
SCORIA_API const char* scoria_version(void);

// Values are never renumbered; new ones may come.
typedef enum scoria_code {
  SCORIA_OK = 0,
  SCORIA_INVALID = 1,      // an argument, a column or a value that cannot be
  SCORIA_NOT_FOUND = 2,    // no such file or object
  SCORIA_DENIED = 3,       // the file may not be read
  SCORIA_TOO_LARGE = 4,    // beyond a limit
  SCORIA_EXHAUSTED = 5,    // no memory
  SCORIA_UNAVAILABLE = 6,  // the file could not be read
  SCORIA_CORRUPT = 7,      // a damaged model file
  SCORIA_UNSUPPORTED = 8,  // what Scoria does not read
  SCORIA_BUG = 9           // please report it
} scoria_code;

// "invalid", ...; "unknown" for a number that is none of them.
SCORIA_API const char* scoria_code_name(scoria_code code);

// What went wrong. Functions that take `scoria_error** error` set it to NULL first and to a new error when they fail;
// the caller frees it. Give NULL instead when the code is enough.
typedef struct scoria_error scoria_error;
SCORIA_API scoria_code scoria_error_code(const scoria_error* error);
SCORIA_API const char* scoria_error_message(const scoria_error* error);  // lives as long as the error
SCORIA_API void scoria_error_free(scoria_error* error);                  // NULL is fine

// A model that was read from a file.
typedef struct scoria_model scoria_model;

// How to open one. All zero but `size` is right: new fields will have a zero that means what was done before them.
typedef struct scoria_open_options {
  size_t size;         // sizeof(scoria_open_options)
  const char* object;  // of a workspace (.RData) with several objects: which; NULL: the only one
  uint64_t max_bytes;  // what the file may hold, also once decompressed; 0: 4 GiB
  uint32_t
      threads;  // how many threads may work on one call, the caller's among them; 0 and 1: the caller's alone; at most 1024
} scoria_open_options;

// Opens the model file at `path`. `options` may be NULL. `*model` is set to the model, or to NULL when it fails.
SCORIA_API scoria_code scoria_model_open_file(const char* path, const scoria_open_options* options,
                                              scoria_model** model, scoria_error** error);

// The same with a file's bytes, which are not needed afterwards.
SCORIA_API scoria_code scoria_model_open_bytes(const void* bytes, size_t size, const scoria_open_options* options,
                                               scoria_model** model, scoria_error** error);

// What the model is, as JSON (docs/formats/model-json.md): its family, columns, prediction types and parameters.
// Lives as long as the model. NULL only for a NULL model.
SCORIA_API const char* scoria_model_describe(const scoria_model* model);

SCORIA_API void scoria_model_free(scoria_model* model);  // NULL is fine

// What to predict. All zero but `size` asks for what predict() gives by default.
typedef struct scoria_request {
  size_t size;                         // sizeof(scoria_request)
  const char* const* types;            // prediction types by R's names: "response", "prob", ...
  size_t type_count;                   // 0: the default type
  const char* const* parameter_names;  // R's names: "n.trees", ...
  const char* const* parameter_values;
  size_t parameter_count;
  uint64_t first_row;  // what messages call the first row, for a batch of a longer input; 0: 1
} scoria_request;

// Structures of the Arrow C data interface; "scoria/arrow_abi.h" defines them where no Arrow library does.
struct ArrowSchema;
struct ArrowArray;

// What a person should know about predictions, such as levels that the model has not seen and how they were treated.
typedef struct scoria_notes scoria_notes;
SCORIA_API size_t scoria_notes_count(const scoria_notes* notes);                    // 0 for NULL
SCORIA_API const char* scoria_notes_text(const scoria_notes* notes, size_t index);  // NULL beyond the last
SCORIA_API void scoria_notes_free(scoria_notes* notes);                             // NULL is fine

// Predicts for the rows of a record batch: a struct array whose children are the columns, matched with the model's by name; others
// are ignored, whatever their type. (A model whose file keeps no names takes columns in their order.) docs/embedding.md says which Arrow types are read.
//
// `rows_type` and `rows` become the library's: it releases both before it returns, when it fails too.
// `out_type` and `out` are filled with a struct array of one row per input row and are the caller's to release. They are marked as released
// (release == NULL) when it fails. Columns are named T or T:label for prediction type T: float64, int32, bool, text (large_utf8) or a factor
// (dictionary<int32, large_utf8>), at offset 0. Where R drops a row or answers NA, it is null.
// `request` may be NULL. `*notes` is NULL where there are none; `notes` may be NULL.
SCORIA_API scoria_code scoria_model_score(const scoria_model* model, const scoria_request* request,
                                          struct ArrowSchema* rows_type, struct ArrowArray* rows,
                                          struct ArrowSchema* out_type, struct ArrowArray* out, scoria_notes** notes,
                                          scoria_error** error);

#ifdef __cplusplus
}
#endif
// NOLINTEND(modernize-*, readability-identifier-naming)
