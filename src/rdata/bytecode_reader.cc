// Byte code: walked over exactly, since its constants hold symbols and environments that later references count.
// An outermost block starts with the size of a table of cells that are met more than once ("reps" in serialize.c).
#include <algorithm>
#include <string>

#include "rdata/document.h"
#include "rdata/item_reader.h"
#include "rdata/sexp_type.h"

namespace scoria::rdata {
namespace {

bool is_call_type(std::int32_t type) {
  return type == sexp::kLanguage || type == sexp::kPairlist || type == sexp::kAttributedLanguage ||
         type == sexp::kAttributedPairlist || type == sexp::kSharedDefinition;
}

}  // namespace

bool ItemReader::begin_bytecode(std::size_t start) {
  std::int32_t count = 0;
  if (!cursor_.integer(count)) return false;
  // A defined cell takes five words at least, and R counts one more than it uses. All open tables together stay below
  // the size of the stream.
  if (count < 0 || !cursor_.holds(static_cast<std::uint64_t>(count), 4) ||
      shared_.size() + static_cast<std::size_t>(count) > cursor_.position() + cursor_.left()) {
    return cursor_.fail_at(start, Code::corrupt,
                           "byte code claims " + std::to_string(count) + " shared cells, more than can follow");
  }
  Frame frame(Job::bytecode, start);
  frame.value = make(Kind::bytecode, 0);
  frame.shared_base = shared_.size();
  frame.shared_count = static_cast<std::size_t>(count);
  frame.owns_shared = true;
  shared_.resize(shared_.size() + frame.shared_count);
  return open(frame);
}

// Phases: 0 begins, 1 awaits the code, 2 awaits a constant.
void ItemReader::step_bytecode() {
  Frame& frame = stack_.back();
  switch (frame.phase) {
    case 0:
      frame.phase = 1;
      if (!begin_item()) return;
      [[fallthrough]];
    case 1: {
      if (result_->kind != Kind::integer) {
        cursor_.fail_at(frame.start, Code::corrupt, "byte code does not begin with its instructions");
        return;
      }
      std::size_t length = 0;
      if (!read_length(8, "table of byte code constants", length)) return;
      if (!charge(0, length * sizeof(const Value*))) return;
      frame.slots = arena_.make_array<const Value*>(length);
      frame.phase = 2;
      break;
    }
    default: frame.slots[frame.next++] = result_;
  }
  while (frame.next < frame.slots.size()) {
    std::int32_t type = 0;
    if (!cursor_.integer(type)) return;
    if (!begin_constant(type, frame.shared_base, frame.shared_count)) return;
    frame.slots[frame.next++] = result_;
  }
  frame.value->items = frame.slots;
  frame.value->body = frame.slots.empty() ? &constant(Kind::null) : frame.slots[0];
  if (frame.owns_shared) shared_.resize(frame.shared_base);
  close(frame.value);
}

bool ItemReader::begin_constant(std::int32_t type, std::size_t base, std::size_t count) {
  if (type != sexp::kBytecode) return begin_bytecode_call(type, base, count);
  Frame frame(Job::bytecode, cursor_.position());
  frame.value = make(Kind::bytecode, 0);
  frame.shared_base = base;
  frame.shared_count = count;
  return open(frame);
}

// A call or pairlist in byte code's own notation, or, for any other type, an ordinary item.
bool ItemReader::begin_bytecode_call(std::int32_t type, std::size_t base, std::size_t count) {
  if (type == sexp::kSharedReference) {
    const Shared* shared = shared_entry(base, count);
    if (shared == nullptr) return false;
    result_ = shared->list;
    if (shared->offset == 0) return true;
    Value* part = make(shared->kind, 0);
    if (part == nullptr) return false;
    part->cells = shared->list->cells.subspan(shared->offset);
    result_ = part;
    return true;
  }
  if (!is_call_type(type)) return begin_item();
  Frame frame(Job::bytecode_call, cursor_.position());
  frame.value = make(Kind::language, 0);
  frame.base = cells_.size();
  frame.shared_base = base;
  frame.shared_count = count;
  if (frame.value == nullptr || !set_cell_type(frame, type)) return false;
  return open(frame);
}

// Sets what kind of cell comes next, and enters it into the table if it is met again.
bool ItemReader::set_cell_type(Frame& frame, std::int32_t type) {
  const std::size_t offset = cells_.size() - frame.base;
  Shared* entry = nullptr;
  if (type == sexp::kSharedDefinition) {
    std::int32_t position = 0;
    if (!cursor_.integer(position) || !cursor_.integer(type)) return false;
    if (position < 0 || static_cast<std::size_t>(position) >= frame.shared_count) {
      return cursor_.fail(Code::corrupt, "byte code defines shared cell " + std::to_string(position) + " of " +
                                             std::to_string(frame.shared_count));
    }
    entry = &shared_[frame.shared_base + static_cast<std::size_t>(position)];
  }
  frame.has_attributes = type == sexp::kAttributedLanguage || type == sexp::kAttributedPairlist;
  const bool language = type == sexp::kLanguage || type == sexp::kAttributedLanguage;
  if (!language && type != sexp::kPairlist && type != sexp::kAttributedPairlist) {
    return cursor_.fail(Code::corrupt, "byte code defines a shared cell of type " + std::to_string(type));
  }
  const Kind kind = language ? Kind::language : Kind::pairlist;
  if (offset == 0) frame.value->kind = kind;
  if (entry != nullptr) *entry = Shared{frame.value, offset, kind};
  return true;
}

const ItemReader::Shared* ItemReader::shared_entry(std::size_t base, std::size_t count) {
  std::int32_t position = 0;
  if (!cursor_.integer(position)) return nullptr;
  if (position < 0 || static_cast<std::size_t>(position) >= count ||
      shared_[base + static_cast<std::size_t>(position)].list == nullptr) {
    cursor_.fail(Code::corrupt,
                 "byte code refers to shared cell " + std::to_string(position) + ", which is not defined");
    return nullptr;
  }
  const Shared& shared = shared_[base + static_cast<std::size_t>(position)];
  if (shared.list->cells.empty()) {  // it would be a call that contains itself, which R code cannot write
    cursor_.fail(Code::corrupt, "byte code refers to shared cell " + std::to_string(position) + " from within");
    return nullptr;
  }
  return &shared;
}

// Phases of each cell: 0 begins, then awaits 1 its attributes, 2 its tag, 3 its value, 4 a tail that is no pairlist.
void ItemReader::step_bytecode_call() {
  Frame& frame = stack_.back();
  for (;;) {
    switch (frame.phase) {
      case 0:
        frame.phase = 1;
        if (frame.has_attributes && !begin_item()) return;
        [[fallthrough]];
      case 1:
        if (frame.has_attributes && cells_.size() == frame.base && !set_attributes(frame.value, frame)) return;
        frame.phase = 2;
        if (!begin_item()) return;
        [[fallthrough]];
      case 2: {
        frame.tag = result_->kind == Kind::symbol ? result_->name : std::string_view();
        frame.phase = 3;
        std::int32_t type = 0;
        if (!cursor_.integer(type) || !begin_bytecode_call(type, frame.shared_base, frame.shared_count)) return;
        [[fallthrough]];
      }
      case 3:
        if (!charge(1, sizeof(Named))) return;
        cells_.push_back(Named{frame.tag, result_});
        frame.phase = 0;
        if (next_bytecode_cell()) continue;
        return;
      default:
        if (result_->kind != Kind::null) {
          if (!charge(1, sizeof(Named))) return;
          cells_.push_back(Named{{}, result_});
        }
        return close_pairlist();
    }
  }
}

// Reads what follows a cell. True: another cell.
bool ItemReader::next_bytecode_cell() {
  Frame& frame = stack_.back();
  std::int32_t type = 0;
  if (!cursor_.integer(type)) return false;
  if (is_call_type(type)) return set_cell_type(frame, type);
  if (type == sexp::kSharedReference) {
    if (append_shared_cells(frame)) close_pairlist();
    return false;
  }
  frame.phase = 4;
  begin_item();
  return false;
}

// The tail is part of another list: our Values hold their cells in a row, so it is copied.
bool ItemReader::append_shared_cells(const Frame& frame) {
  const Shared* shared = shared_entry(frame.shared_base, frame.shared_count);
  if (shared == nullptr) return false;
  const std::span<const Named> tail = shared->list->cells.subspan(shared->offset);
  if (tail.size() > copied_cells_left_) {
    return cursor_.fail(Code::too_large, "byte code shares so many cells that copying them would outgrow the stream");
  }
  copied_cells_left_ -= tail.size();
  if (!charge(tail.size(), tail.size_bytes())) return false;
  cells_.insert(cells_.end(), tail.begin(), tail.end());
  return true;
}

}  // namespace scoria::rdata
