// The border between the program and its Arrow module (libscoria_arrow.so): one C entry, one struct of function pointers.
//
// The module is compiled with Arrow's headers and loaded on first use; nothing else of the program knows Arrow. Tables cross as
// the structures of Arrow's C data interface (table/arrow_abi.h), so neither side sees the other's classes. No exception crosses:
// every function catches all and fills ModuleError.
// Threads: distinct handles are independent; one handle is for one caller at a time.
// Versions: both sides compare kModuleAbi and the size of ModuleApi, and the program refuses a module of another version.
#pragma once

#include <cstdint>

struct ArrowSchema;
struct ArrowArray;

namespace scoria::arrowio {

inline constexpr std::uint32_t kModuleAbi = 1;
inline constexpr char kModuleEntry[] = "scoria_arrow_module";

struct ModuleError {
  std::int32_t code;  // a scoria::Code
  char message[2000];
};

// How the rows of a file are laid out. Both Arrow kinds are told apart by their first bytes where they are read.
enum class ModuleFormat : std::int32_t { parquet, arrow_file, arrow_stream };

struct ModuleReadOptions {
  const char* const* only;      // names of the columns to read; columns that the file lacks are left out
  std::int64_t only_count;      // -1: all columns
  std::int64_t max_batch_rows;  // at least 1
  std::uint64_t memory_limit;   // for Arrow's own buffers, in bytes
};

// Takes bytes in order; false and an error when it cannot.
struct ModuleSink {
  void* context;
  bool (*write)(void* context, const void* bytes, std::uint64_t size, ModuleError* error);
};

struct ModuleKeyValue {
  const char* key;
  const char* value;
};

struct ModuleReader;
struct ModuleWriter;
struct ModuleInput;
struct ModuleOutput;

struct ModuleApi {
  std::uint32_t abi;   // kModuleAbi
  std::uint32_t size;  // sizeof(ModuleApi)
  const char* arrow_version;

  // Tables in. `path` is a local file's or a URI. nullptr on error.
  ModuleReader* (*open_reader)(const char* path, ModuleFormat format, const ModuleReadOptions* options,
                               ModuleError* error);
  std::int64_t (*column_count)(const ModuleReader* reader);  // of the file, wanted or not
  const char* (*column_name)(const ModuleReader* reader, std::int64_t index);
  // The value behind a key of the file's metadata, until the next call; nullptr where there is none.
  const char* (*metadata)(ModuleReader* reader, const char* key);
  // 1: the next batch, which the caller releases before it closes the reader; 0: the end; -1: an error. Columns are in the order of
  // the file, with its own types, the same in all batches. Nothing in them was checked: they are what the file says.
  std::int32_t (*next)(ModuleReader* reader, ArrowSchema* schema, ArrowArray* batch, ModuleError* error);
  void (*close_reader)(ModuleReader* reader);

  // Tables out, into `sink`, which outlives the writer. The first batch's schema is the file's; it is taken over and
  // released, as every batch is. `metadata` is copied.
  ModuleWriter* (*open_writer)(ModuleFormat format, ModuleSink sink, const ModuleKeyValue* metadata,
                               std::int64_t metadata_count, ModuleError* error);
  bool (*write)(ModuleWriter* writer, ArrowSchema* schema, ArrowArray* batch, ModuleError* error);
  bool (*finish_writer)(ModuleWriter* writer, ModuleError* error);
  void (*close_writer)(ModuleWriter* writer);  // finished or not; writes nothing more

  // Bytes of an object in a store, in order. read() gives how many (0: the end) or -1.
  ModuleInput* (*open_input)(const char* uri, ModuleError* error);
  std::int64_t (*read)(ModuleInput* input, void* into, std::uint64_t size, ModuleError* error);
  void (*close_input)(ModuleInput* input);

  // An object that appears with commit() and not at all otherwise.
  ModuleOutput* (*open_output)(const char* uri, ModuleError* error);
  bool (*write_output)(ModuleOutput* output, const void* bytes, std::uint64_t size, ModuleError* error);
  bool (*commit_output)(ModuleOutput* output, ModuleError* error);
  void (*close_output)(ModuleOutput* output);  // drops what was not committed
};

// What the module exports under kModuleEntry.
using ModuleEntry = const ModuleApi* (*)();

}  // namespace scoria::arrowio
