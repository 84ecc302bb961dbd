/* R's side of libscoria: what R/ calls by .Call(). Arguments are checked in R.
 * Where the library refuses, the answer is c(code, message). R errors jump: whatever needs freeing hangs on an external pointer first. */
#include <R.h>
#include <R_ext/Rdynload.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "columns.h"
#include "connection.h"
#include "library.h"

static SEXP load_library(SEXP place) {
  const char* problem = library_load(Rf_translateChar(STRING_ELT(place, 0)));
  return problem ? Rf_mkString(problem) : R_NilValue;
}

/* c(code, message) of an error, which it frees. */
static SEXP refusal(scoria_code code, scoria_error* error) {
  SEXP answer = PROTECT(Rf_allocVector(STRSXP, 2));
  const char* name = library.scoria_code_name(code);
  const char* message = error ? library.scoria_error_message(error) : name;
  SET_STRING_ELT(answer, 0, Rf_mkChar(name));
  SET_STRING_ELT(answer, 1, Rf_mkCharCE(message, CE_UTF8));
  library.scoria_error_free(error);
  UNPROTECT(1);
  return answer;
}

/* ---- models -------------------------------------------------------------------------------------------------------- */

struct opened {
  scoria_model* model;
  pid_t process; /* not a forked child's to free */
};

static void free_model(SEXP handle) {
  struct opened* opened = R_ExternalPtrAddr(handle);
  if (!opened) return;
  if (opened->process == getpid()) library.scoria_model_free(opened->model);
  free(opened);
  R_ClearExternalPtr(handle);
}

static SEXP open_model(SEXP path, SEXP object, SEXP threads, SEXP max_bytes) {
  struct opened* opened = calloc(1, sizeof *opened);
  if (!opened) Rf_error("out of memory");
  SEXP handle = PROTECT(R_MakeExternalPtr(opened, R_NilValue, R_NilValue));
  R_RegisterCFinalizer(handle, free_model);
  opened->process = getpid();
  const scoria_open_options options = {
      .size = sizeof options,
      .object = object == R_NilValue ? NULL : Rf_translateCharUTF8(STRING_ELT(object, 0)),
      .max_bytes = (uint64_t)REAL(max_bytes)[0],
      .threads = (uint32_t)INTEGER(threads)[0],
  };
  scoria_error* error = NULL;
  const scoria_code code =
      library.scoria_model_open_file(Rf_translateChar(STRING_ELT(path, 0)), &options, &opened->model, &error);
  SEXP answer = code == SCORIA_OK ? handle : refusal(code, error);
  UNPROTECT(1);
  return answer;
}

static SEXP describe_model(SEXP handle) {
  const struct opened* opened = R_ExternalPtrAddr(handle);
  return Rf_ScalarString(Rf_mkCharCE(library.scoria_model_describe(opened->model), CE_UTF8));
}

/* ---- predictions --------------------------------------------------------------------------------------------------- */

struct scored {
  struct ArrowSchema type;
  struct ArrowArray rows;
  scoria_notes* notes;
};

static void free_scored(SEXP holder) {
  struct scored* scored = R_ExternalPtrAddr(holder);
  if (!scored) return;
  if (scored->rows.release) scored->rows.release(&scored->rows);
  if (scored->type.release) scored->type.release(&scored->type);
  library.scoria_notes_free(scored->notes);
  free(scored);
  R_ClearExternalPtr(holder);
}

/* NULL for no words. */
static const char* const* words(SEXP texts) {
  if (texts == R_NilValue) return NULL;
  const char** list = (const char**)R_alloc(XLENGTH(texts) + 1, sizeof(char*));
  for (R_xlen_t i = 0; i < XLENGTH(texts); ++i) list[i] = Rf_translateCharUTF8(STRING_ELT(texts, i));
  return list;
}

static SEXP notes_to_r(const scoria_notes* notes) {
  const size_t count = library.scoria_notes_count(notes);
  SEXP texts = PROTECT(Rf_allocVector(STRSXP, count));
  for (size_t i = 0; i < count; ++i)
    SET_STRING_ELT(texts, i, Rf_mkCharCE(library.scoria_notes_text(notes, i), CE_UTF8));
  UNPROTECT(1);
  return texts;
}

/* list(columns, notes); NULL for a handle of another session, which is empty. */
static SEXP score(SEXP handle, SEXP columns, SEXP names, SEXP first, SEXP rows, SEXP types, SEXP parameter_names,
                  SEXP parameter_values) {
  const struct opened* opened = TYPEOF(handle) == EXTPTRSXP ? R_ExternalPtrAddr(handle) : NULL;
  if (!opened) return R_NilValue;
  R_CheckUserInterrupt(); /* nothing is held yet */
  struct ArrowSchema rows_type;
  struct ArrowArray batch;
  const struct slice slice = {(R_xlen_t)REAL(first)[0], (R_xlen_t)REAL(rows)[0]};
  lend_columns(columns, names, slice, &rows_type, &batch);
  const scoria_request request = {
      .size = sizeof request,
      .types = words(types),
      .type_count = Rf_xlength(types),
      .parameter_names = words(parameter_names),
      .parameter_values = words(parameter_values),
      .parameter_count = Rf_xlength(parameter_names),
      .first_row = (uint64_t)slice.first + 1,
  };

  struct scored* scored = calloc(1, sizeof *scored);
  if (!scored) Rf_error("out of memory");
  SEXP holder = PROTECT(R_MakeExternalPtr(scored, R_NilValue, R_NilValue));
  R_RegisterCFinalizer(holder, free_scored);
  scoria_error* error = NULL;
  const scoria_code code = library.scoria_model_score(opened->model, &request, &rows_type, &batch, &scored->type,
                                                      &scored->rows, &scored->notes, &error);

  SEXP answer;
  if (code == SCORIA_OK) {
    const char* fields[] = {"columns", "notes", ""};
    answer = PROTECT(Rf_mkNamed(VECSXP, fields));
    SET_VECTOR_ELT(answer, 0, columns_to_r(&scored->type, &scored->rows));
    SET_VECTOR_ELT(answer, 1, notes_to_r(scored->notes));
  } else {
    answer = PROTECT(refusal(code, error));
  }
  free_scored(holder); /* now, not when R next collects: it may be large */
  UNPROTECT(2);
  return answer;
}

void R_init_scoria(DllInfo* dll) {
#define CALL(name, function, arguments) \
  { name, (DL_FUNC)&function, arguments }
  static const R_CallMethodDef calls[] = {
      CALL("C_load_library", load_library, 1),
      CALL("C_open", open_model, 4),
      CALL("C_describe", describe_model, 1),
      CALL("C_score", score, 8),
      CALL("C_connect", connection_open, 1),
      CALL("C_close", connection_close, 1),
      CALL("C_connection_of", connection_of_number, 1),
      CALL("C_ask", connection_ask, 2),
      CALL("C_wait", connection_wait, 2),
      CALL("C_pack", frame_pack, 1),
      CALL("C_packed_size", frame_size, 1),
      CALL("C_packed_raw", frame_raw, 1),
      CALL("C_send", frame_send, 3),
      CALL("C_receive", frame_receive, 2),
      CALL("C_size", content_size, 2),
      CALL("C_serialized_size", content_serialized_size, 2),
      CALL("C_hash", content_hash, 1),
      CALL("C_marks", marks_open, 2),
      CALL("C_mark", mark, 3),
      CALL("C_mark_of", mark_of, 2),
      CALL("C_clock", clock_seconds, 0),
      {NULL, NULL, 0},
  };
#undef CALL
  R_registerRoutines(dll, NULL, calls, NULL, NULL);
  R_useDynamicSymbols(dll, FALSE);
  R_forceSymbols(dll, TRUE);
}
