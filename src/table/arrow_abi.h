// The structures of the Arrow C data interface and of its stream: an ABI that any two libraries may exchange columns by.
// Source: "The Arrow C data interface" and "The Arrow C stream interface", arrow.apache.org/docs/format. C99 and C++.
// Whoever fills a structure sets `release`; whoever ends up with it calls that once. A moved structure has release == NULL.
// ARROW_C_DATA_INTERFACE, ARROW_C_STREAM_INTERFACE: the guards that the specification names, so that other copies may be included.
#pragma once

#include <stdint.h>  // NOLINT(modernize-deprecated-headers): this header is C as well

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

// The type, name and children of a column or, with format "+s", of a table whose children are its columns.
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

// The values that belong to an ArrowSchema.
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

// Arrays of one schema, one after the other; get_next gives a released array (release == NULL) at the end.
struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};

#endif

#ifdef __cplusplus
}
#endif
