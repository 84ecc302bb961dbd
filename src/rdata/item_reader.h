// Reads the items of an R stream into Values. Items nest and hostile ones nest deeply, so the open ones are kept on an own
// stack, never on the machine's: begin_item() either finishes an item or opens a Frame, and step() goes on with the
// innermost one, with what it was waiting for in result_.
// Source: R 4.2 src/main/serialize.c (ReadItem, ReadBC, ReadBCLang, ReadBCConsts).
// Threads: one user at a time. Borrows: cursor, arena and limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "rdata/cursor.h"
#include "rdata/reader.h"
#include "rdata/value.h"

namespace scoria::rdata {

class ItemReader {
 public:
  // `native_encoding`: of strings without a mark of their own, as the stream's head names it; may be empty.
  ItemReader(Cursor& cursor, Arena& arena, const ReadLimits& limits, std::string_view native_encoding);

  // The next item with all it holds; nullptr when cursor.failed().
  const Value* read();

 private:
  enum class Job : std::uint8_t {
    vector,      // list, expression: items, then attributes
    strings,     // character vector: elements, then attributes
    attributes,  // of a Value that is complete otherwise
    pairlist,    // pairlist, language, dots
    closure,     // closure, promise
    environment,
    pointer,  // external pointer
    altrep,
    bytecode,       // one block of byte code: code, then constants
    bytecode_call,  // a call or pairlist in the constants
    names,          // of a package or namespace
  };

  struct Frame {
    Frame(Job its_job, std::size_t its_start) : job(its_job), start(its_start) {}
    Job job;
    std::uint8_t phase = 0;
    bool has_attributes = false;
    bool has_tag = false;
    std::int32_t levels = 0;
    Value* value = nullptr;
    std::span<const Value*> slots;
    std::span<Text> text_slots;
    std::size_t next = 0;
    std::size_t start;            // byte where the item starts
    std::size_t base = 0;         // pairlists: first of our cells in cells_
    std::size_t shared_base = 0;  // byte code: first of our entries in shared_, and how many
    std::size_t shared_count = 0;
    bool owns_shared = false;  // the outermost block of byte code, which closes them
    std::string_view tag;
    const Value* parts[3] = {nullptr, nullptr, nullptr};
  };

  // A cell of byte code that is met again: the part of a call or pairlist from one cell on.
  struct Shared {
    const Value* list = nullptr;  // complete once it has cells
    std::size_t offset = 0;
    Kind kind = Kind::null;
  };

  // item_reader.cc
  bool begin_item();
  bool begin_item(std::int32_t flags, std::size_t start);
  bool begin_vector(std::int32_t flags, std::size_t start);
  bool begin_reference(std::int32_t flags);
  bool begin_symbol();
  bool begin_builtin(Kind kind);
  bool begin_names(Kind kind, std::size_t start);
  bool read_text(std::int32_t flags, Text& out);
  std::string_view utf8_name(const Text& text);
  bool read_length(std::size_t width, std::string_view of_what, std::size_t& out);
  Value* make(Kind kind, std::int32_t flags);
  bool open(Frame frame);
  bool finish_with_attributes(Value* value, bool has_attributes, std::size_t start);
  void close(const Value* value);
  bool charge(std::uint64_t values, std::uint64_t bytes);
  bool set_attributes(Value* value, const Frame& frame);

  // item_steps.cc
  void step();
  void step_vector();
  void step_strings();
  void step_attributes();
  void step_pairlist();
  void step_closure();
  void step_environment();
  void step_pointer();
  void step_altrep();
  void step_names();
  bool next_cell();
  void close_pairlist();
  bool set_variables(Frame& frame);

  // bytecode_reader.cc
  bool begin_bytecode(std::size_t start);
  bool begin_constant(std::int32_t type, std::size_t base, std::size_t count);
  bool begin_bytecode_call(std::int32_t type, std::size_t base, std::size_t count);
  void step_bytecode();
  void step_bytecode_call();
  void close_bytecode();
  bool set_cell_type(Frame& frame, std::int32_t type);
  bool next_bytecode_cell();
  bool append_shared_cells(const Frame& frame);
  const Shared* shared_entry(std::size_t base, std::size_t count);

  Cursor& cursor_;
  Arena& arena_;
  const ReadLimits& limits_;
  Encoding native_;  // what unmarked strings are in
  std::vector<Frame> stack_;
  std::vector<Named> cells_;    // of the open pairlists, innermost last
  std::vector<Shared> shared_;  // of the open byte code, innermost last
  std::vector<const Value*> references_;
  const Value* result_ = nullptr;  // the item finished last
  std::uint64_t values_left_;
  std::uint64_t bytes_left_;
  std::uint64_t copied_cells_left_;  // shared tails are copied: bounds what a small stream can grow to
};

}  // namespace scoria::rdata
