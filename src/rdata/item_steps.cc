// What an open item does with the part it was waiting for. A step that calls begin_item() and gets false must return at
// once: the stack may have moved under its Frame.
#include <algorithm>
#include <string>

#include "rdata/altrep.h"
#include "rdata/document.h"
#include "rdata/item_reader.h"
#include "rdata/sexp_type.h"

namespace scoria::rdata {

void ItemReader::step() {
  switch (stack_.back().job) {
    case Job::vector: return step_vector();
    case Job::strings: return step_strings();
    case Job::attributes: return step_attributes();
    case Job::pairlist: return step_pairlist();
    case Job::closure: return step_closure();
    case Job::environment: return step_environment();
    case Job::pointer: return step_pointer();
    case Job::altrep: return step_altrep();
    case Job::names: return step_names();
    case Job::bytecode: return step_bytecode();
    case Job::bytecode_call: return step_bytecode_call();
  }
}

// Phases: 0 nothing awaited yet, 1 awaits an element, 2 awaits the attributes.
void ItemReader::step_vector() {
  Frame& frame = stack_.back();
  if (frame.phase == 2) {
    if (set_attributes(frame.value, frame)) close(frame.value);
    return;
  }
  if (frame.phase == 1) frame.slots[frame.next++] = result_;
  frame.phase = 1;
  while (frame.next < frame.slots.size()) {
    if (!begin_item()) return;
    frame.slots[frame.next++] = result_;
  }
  frame.value->items = frame.slots;
  if (!frame.has_attributes) return close(frame.value);
  frame.phase = 2;
  if (begin_item() && set_attributes(frame.value, frame)) close(frame.value);
}

// Phases: 0 and 1 go on with the elements (1: after an element's own attributes, which are dropped as R drops them),
// 2 awaits the attributes.
void ItemReader::step_strings() {
  Frame& frame = stack_.back();
  if (frame.phase == 2) {
    if (set_attributes(frame.value, frame)) close(frame.value);
    return;
  }
  while (frame.next < frame.text_slots.size()) {
    const std::size_t start = cursor_.position();
    std::int32_t flags = 0;
    if (!cursor_.integer(flags)) return;
    if (sexp::type_of(flags) != sexp::kCharacterElement) {
      cursor_.fail_at(start, Code::corrupt, "an element of a character vector is not a string");
      return;
    }
    if (!read_text(flags, frame.text_slots[frame.next])) return;
    ++frame.next;
    if ((flags & sexp::kAttributesFlag) != 0 && !begin_item()) return;
  }
  frame.value->texts = frame.text_slots;
  if (!frame.has_attributes) return close(frame.value);
  frame.phase = 2;
  if (begin_item() && set_attributes(frame.value, frame)) close(frame.value);
}

// Phases: 0 nothing awaited yet, 1 awaits the attributes.
void ItemReader::step_attributes() {
  Frame& frame = stack_.back();
  if (frame.phase == 0) {
    frame.phase = 1;
    if (!begin_item()) return;
  }
  if (set_attributes(frame.value, frame)) close(frame.value);
}

// Phases of each cell: 0 begins, 1 awaits its attributes, 2 its tag, 3 its value, 4 a tail that is no pairlist.
void ItemReader::step_pairlist() {
  Frame& frame = stack_.back();
  for (;;) {
    switch (frame.phase) {
      case 0:
        frame.tag = {};
        frame.phase = 1;
        if (frame.has_attributes && !begin_item()) return;
        [[fallthrough]];
      case 1:
        // Only a first cell's attributes can be asked for in R; those of others are dropped.
        if (frame.has_attributes && cells_.size() == frame.base && !set_attributes(frame.value, frame)) return;
        frame.phase = 2;
        if (frame.has_tag && !begin_item()) return;
        [[fallthrough]];
      case 2:
        if (frame.has_tag && result_->kind == Kind::symbol) frame.tag = result_->name;
        frame.phase = 3;
        if (!begin_item()) return;
        [[fallthrough]];
      case 3:
        if (!charge(1, sizeof(Named))) return;
        cells_.push_back(Named{frame.tag, result_});
        frame.phase = 0;
        if (next_cell()) continue;
        return;
      default:
        if (!charge(1, sizeof(Named))) return;
        cells_.push_back(Named{{}, result_});
        return close_pairlist();
    }
  }
}

// Reads what follows a cell. True: another cell.
bool ItemReader::next_cell() {
  Frame& frame = stack_.back();
  const std::size_t start = cursor_.position();
  std::int32_t flags = 0;
  if (!cursor_.integer(flags)) return false;
  switch (sexp::type_of(flags)) {
    case sexp::kNull: close_pairlist(); return false;
    case sexp::kPairlist:
    case sexp::kLanguage:
    case sexp::kDots:
      frame.has_attributes = (flags & sexp::kAttributesFlag) != 0;
      frame.has_tag = (flags & sexp::kTagFlag) != 0;
      return true;
    default: frame.phase = 4; return begin_item(flags, start);
  }
}

void ItemReader::close_pairlist() {
  const Frame& frame = stack_.back();
  const std::span<Named> cells = arena_.make_array<Named>(cells_.size() - frame.base);
  std::copy(cells_.begin() + static_cast<std::ptrdiff_t>(frame.base), cells_.end(), cells.begin());
  cells_.resize(frame.base);
  frame.value->cells = cells;
  close(frame.value);
}

// Phases: 0 begins, then awaits 1 attributes, 2 environment (the tag), 3 formals or value (car), 4 body (cdr).
void ItemReader::step_closure() {
  Frame& frame = stack_.back();
  Value& value = *frame.value;
  switch (frame.phase) {
    case 0:
      frame.phase = 1;
      if (frame.has_attributes && !begin_item()) return;
      [[fallthrough]];
    case 1:
      if (frame.has_attributes && !set_attributes(&value, frame)) return;
      frame.phase = 2;
      if (frame.has_tag && !begin_item()) return;
      [[fallthrough]];
    case 2:
      if (frame.has_tag && result_->kind != Kind::null) value.environment = result_;
      // R before 2.4 had no base environment but NULL.
      if (value.environment == nullptr && value.kind == Kind::closure) {
        value.environment = &constant(Kind::base_environment);
      }
      frame.phase = 3;
      if (!begin_item()) return;
      [[fallthrough]];
    case 3:
      (value.kind == Kind::closure ? value.formals : value.promised) = result_;
      frame.phase = 4;
      if (!begin_item()) return;
      [[fallthrough]];
    default: value.body = result_; close(&value);
  }
}

// Awaits, in turn: enclosure, variables, hash table of variables, attributes.
void ItemReader::step_environment() {
  Frame& frame = stack_.back();
  for (;;) {
    if (frame.phase >= 1 && frame.phase <= 3) frame.parts[frame.phase - 1] = result_;
    if (frame.phase == 4) {
      frame.value->environment =
          frame.parts[0]->kind == Kind::null ? &constant(Kind::base_environment) : frame.parts[0];
      if (set_attributes(frame.value, frame) && set_variables(frame)) close(frame.value);
      return;
    }
    ++frame.phase;
    if (!begin_item()) return;
  }
}

bool ItemReader::set_variables(Frame& frame) {
  const Value& plain = *frame.parts[1];
  const Value& table = *frame.parts[2];
  const auto is_chain = [](const Value& value) { return value.kind == Kind::pairlist || value.kind == Kind::null; };
  if (!is_chain(plain) || (table.kind != Kind::list && table.kind != Kind::null)) {
    return cursor_.fail_at(frame.start, Code::corrupt,
                           "this environment's variables are not in a pairlist or hash table");
  }
  std::size_t count = plain.cells.size();
  for (const Value* chain : table.items) {
    if (!is_chain(*chain)) {
      return cursor_.fail_at(frame.start, Code::corrupt, "this environment's hash table does not hold pairlists");
    }
    count += chain->cells.size();
  }
  frame.value->cells = plain.cells;
  if (count == plain.cells.size()) return true;
  if (!charge(0, count * sizeof(Named))) return false;
  const std::span<Named> variables = arena_.make_array<Named>(count);
  auto out = std::copy(plain.cells.begin(), plain.cells.end(), variables.begin());
  for (const Value* chain : table.items) out = std::copy(chain->cells.begin(), chain->cells.end(), out);
  frame.value->cells = variables;
  return true;
}

// Awaits, in turn: what the pointer protects, its tag, attributes. The address is not in the stream.
void ItemReader::step_pointer() {
  Frame& frame = stack_.back();
  for (;;) {
    if (frame.phase == 1 || frame.phase == 2) frame.parts[frame.phase - 1] = result_;
    if (frame.phase == 2) {
      if (!charge(0, 2 * sizeof(const Value*))) return;
      const auto items = arena_.make_array<const Value*>(2);
      std::copy_n(frame.parts, 2, items.begin());
      frame.value->items = items;
      if (!frame.has_attributes) return close(frame.value);
    }
    if (frame.phase == 3) {
      if (set_attributes(frame.value, frame)) close(frame.value);
      return;
    }
    ++frame.phase;
    if (!begin_item()) return;
  }
}

// Awaits, in turn: the class (a pairlist of class, package and type), the state, the attributes.
void ItemReader::step_altrep() {
  Frame& frame = stack_.back();
  for (;;) {
    if (frame.phase == 1 || frame.phase == 2) frame.parts[frame.phase - 1] = result_;
    if (frame.phase == 3) break;
    ++frame.phase;
    if (!begin_item()) return;
  }
  const Value& info = *frame.parts[0];
  if (info.cells.size() < 2 || info.cells[0].value->kind != Kind::symbol || info.cells[1].value->kind != Kind::symbol) {
    cursor_.fail_at(frame.start, Code::corrupt, "an ALTREP vector does not name its class");
    return;
  }
  auto expanded =
      expand_altrep({info.cells[0].value->name, info.cells[1].value->name, *frame.parts[1]}, arena_, bytes_left_);
  if (!expanded.ok()) {
    cursor_.fail_at(frame.start, expanded.error().code, expanded.error().message);
    return;
  }
  Value* value = expanded.value();
  value->is_object = (frame.levels & sexp::kObjectFlag) != 0;
  value->is_s4 = (sexp::levels_of(frame.levels) & sexp::kS4Level) != 0;
  if (set_attributes(value, frame)) close(value);
}

void ItemReader::step_names() {
  Frame& frame = stack_.back();
  for (; frame.next < frame.text_slots.size(); ++frame.next) {
    std::int32_t flags = 0;
    if (!cursor_.integer(flags)) return;
    if (sexp::type_of(flags) != sexp::kCharacterElement || (flags & sexp::kAttributesFlag) != 0) {
      cursor_.fail_at(frame.start, Code::corrupt, "a package or namespace is not named by strings");
      return;
    }
    if (!read_text(flags, frame.text_slots[frame.next])) return;
  }
  if (frame.text_slots.empty()) {
    cursor_.fail_at(frame.start, Code::corrupt, "a package or namespace without a name");
    return;
  }
  frame.value->name = utf8_name(frame.text_slots[0]);
  frame.value->texts = frame.text_slots;
  if (frame.value->kind == Kind::null) {
    cursor_.fail_at(frame.start, Code::unsupported,
                    "a persistent reference ('" + std::string(frame.value->name) +
                        "') stands for an object that is kept outside the stream");
    return;
  }
  references_.push_back(frame.value);
  close(frame.value);
}

}  // namespace scoria::rdata
