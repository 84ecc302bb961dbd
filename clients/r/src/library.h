/* libscoria, loaded when it is first used: the package compiles without it. */
#pragma once

#include "arrow_abi.h"
#include "scoria.h"

/* What of scoria.h is used. */
#define SCORIA_FUNCTIONS(X) \
  X(scoria_abi_version)     \
  X(scoria_code_name)       \
  X(scoria_error_message)   \
  X(scoria_error_free)      \
  X(scoria_model_open_file) \
  X(scoria_model_describe)  \
  X(scoria_model_free)      \
  X(scoria_notes_count)     \
  X(scoria_notes_text)      \
  X(scoria_notes_free)      \
  X(scoria_model_score)

/* Its functions by their names, with the types that scoria.h gives them; NULL until library_load() has found all. */
struct library {
#define MEMBER(name) __typeof__(name)* name;
  SCORIA_FUNCTIONS(MEMBER)
#undef MEMBER
};
extern struct library library;

/* Loads it from `place`. NULL, or what is wrong, until the next call. */
const char* library_load(const char* place);
