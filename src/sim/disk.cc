#include "sim/disk.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/result.h"

namespace scoria::sim {
namespace {

constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kBlock = 4096;

using Bytes = std::vector<std::byte>;

std::uint64_t blocks(std::uint64_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

void put(Bytes& content, std::uint64_t offset, std::span<const std::byte> bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  if (!bytes.empty()) std::memcpy(content.data() + offset, bytes.data(), bytes.size());
}

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

}  // namespace

struct Disk::NameChange {
  std::string name;
  std::shared_ptr<Inode> inode;  // null: removed
  std::string renamed_from;      // empty: no rename
};

struct Disk::Inode {
  struct Change {
    bool is_truncation = false;
    std::uint64_t offset = 0;         // of a truncation: the size
    std::size_t begin = 0, size = 0;  // in `written`
  };
  // One crash treats a file in one of these ways; which is drawn for each file.
  struct Fate {
    std::size_t whole_before = 0;  // changes before this one survive wholly
    double survives = 0;           // those from there on, each with this probability
    double torn = 0;               // or in part
  };

  void write(std::uint64_t offset, std::span<const std::byte> bytes) {
    put(now, offset, bytes);
    changes.push_back({.offset = offset, .begin = written.size(), .size = bytes.size()});
    written.insert(written.end(), bytes.begin(), bytes.end());
  }
  void truncate(std::uint64_t size) {
    now.resize(size);
    changes.push_back({.is_truncation = true, .offset = size});
  }
  std::span<const std::byte> bytes_of(const Change& change) const {
    return std::span(written).subspan(change.begin, change.size);
  }
  void apply(const Change& change) {
    if (change.is_truncation) {
      durable.resize(change.offset);
    } else {
      put(durable, change.offset, bytes_of(change));
    }
  }
  void forget_changes() {
    changes.clear();
    written.clear();
  }
  void sync() {
    for (const Change& change : changes) apply(change);
    forget_changes();
  }
  void apply_in_part(const Change& change, Random& random);
  // What the changes since the last sync leave on the disk when nobody is sure of it.
  void leave_to_chance(Random& random);

  Bytes now, durable;
  std::vector<Change> changes;  // what leads from `durable` to `now`, unless a sync failed
  Bytes written;                // what they wrote
  bool is_doubtful = false;     // a sync failed: `durable` lacks some of what `now` has, and no change says so
  std::uint64_t allocated = 0;  // at least so much room is its own
  std::uint64_t charged = 0;    // of the disk's room
  int names = 0, handles = 0;   // live ones
  Process* holder = nullptr;
  int holds = 0;
};

void Disk::Inode::apply_in_part(const Change& change, Random& random) {
  if (change.is_truncation) return;
  const std::span<const std::byte> bytes = bytes_of(change);
  const std::uint64_t kind = random.below(8);
  if (kind == 0) {  // the length, and zeros
    if (durable.size() < change.offset + change.size) durable.resize(change.offset + change.size);
    return;
  }
  if (kind < 4) {
    put(durable, change.offset, bytes.first(random.below(bytes.size() + 1)));
    return;
  }
  std::uint64_t begin = 0;
  while (begin < bytes.size()) {
    const std::uint64_t to_border = kSector - (change.offset + begin) % kSector;
    const std::uint64_t size = std::min<std::uint64_t>(to_border, bytes.size() - begin);
    if (random.chance(0.5)) put(durable, change.offset + begin, bytes.subspan(begin, size));
    begin += size;
  }
}

void Disk::Inode::leave_to_chance(Random& random) {
  constexpr std::array<double, 5> kLikelihoods = {0, 0.1, 0.5, 0.9, 1};
  Fate fate;
  if (random.chance(0.3)) {
    fate = {.whole_before = random.below(changes.size() + 1)};  // in order, as most disks do most of the time
  } else {
    fate = {.survives = random.pick(kLikelihoods), .torn = random.chance(0.5) ? 0.3 : 0};
  }
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (i < fate.whole_before || random.chance(fate.survives)) {
      apply(changes[i]);
    } else if (i == fate.whole_before || random.chance(fate.torn)) {
      apply_in_part(changes[i], random);
    }
  }
  forget_changes();
}

Disk::Disk(Random random) : random_(random) {}

Disk::~Disk() {
  while (!processes_.empty()) (*processes_.begin())->kill();
}

std::unique_ptr<Disk::Process> Disk::start_process() {
  std::unique_ptr<Process> process(new Process(*this));
  processes_.insert(process.get());
  return process;
}

std::vector<std::string> Disk::names() const {
  std::vector<std::string> names;
  for (const auto& [name, inode] : names_) names.push_back(name);
  return names;
}

bool Disk::take_room(Inode& inode, std::uint64_t size) {
  const std::uint64_t needed = blocks(std::max(size, inode.allocated));
  if (room_) {
    if (needed > inode.charged && *room_ < needed - inode.charged) return false;
    *room_ += inode.charged;
    *room_ -= needed;
  }
  inode.charged = needed;
  return true;
}

void Disk::free_unused(Inode& inode) {
  if (inode.names > 0 || inode.handles > 0) return;
  if (room_) *room_ += inode.charged;
  inode.charged = 0;
}

bool Disk::sync_fails() {
  ++counters_.syncs;
  const bool fails = random_.chance(faults_.failed_syncs) || fails_next_sync_;
  fails_next_sync_ = false;
  if (fails) ++counters_.failed_syncs;
  return fails;
}

void Disk::apply(const NameChange& change, Names& names) {
  if (!change.renamed_from.empty()) names.erase(change.renamed_from);
  if (change.inode) {
    names[change.name] = change.inode;
  } else {
    names.erase(change.name);
  }
}

void Disk::change_name(NameChange change) {
  const auto replaced = names_.find(change.name);
  std::shared_ptr<Inode> gone = replaced == names_.end() ? nullptr : replaced->second;
  if (change.inode && change.renamed_from.empty()) ++change.inode->names;
  apply(change, names_);
  name_changes_.push_back(std::move(change));
  if (gone) {
    --gone->names;
    free_unused(*gone);
  }
}

void Disk::crash() {
  ++counters_.crashes;
  while (!processes_.empty()) (*processes_.begin())->kill();
  // Files that have lost their name may get it back, so all are looked at, in an order that the seed alone decides.
  std::vector<std::shared_ptr<Inode>> inodes;
  std::uint64_t charged = 0;
  const auto see = [&](const std::shared_ptr<Inode>& inode) {
    if (!inode || std::find(inodes.begin(), inodes.end(), inode) != inodes.end()) return;
    charged += inode->charged;
    inodes.push_back(inode);
  };
  for (const auto& [name, inode] : durable_names_) see(inode);
  for (const NameChange& change : name_changes_) see(change.inode);
  const double survives = std::array{0.0, 0.5, 1.0}[random_.below(3)];
  for (const NameChange& change : name_changes_) {
    if (random_.chance(survives)) apply(change, durable_names_);
  }
  name_changes_.clear();
  names_ = durable_names_;
  if (room_) *room_ += charged;
  for (const auto& inode : inodes) {
    if (!inode->changes.empty() || inode->is_doubtful) {
      inode->leave_to_chance(random_);
      inode->now = inode->durable;
      inode->is_doubtful = false;
    }
    inode->names = 0;
    inode->charged = 0;
  }
  for (const auto& [name, inode] : names_) {
    ++inode->names;
    inode->charged = blocks(std::max<std::uint64_t>(inode->now.size(), inode->allocated));
    if (room_) *room_ -= std::min(*room_, inode->charged);
  }
}

Disk::Process::~Process() { kill(); }

void Disk::Process::kill() {
  if (disk_ == nullptr) return;
  while (!files_.empty()) (*files_.begin())->close();
  disk_->processes_.erase(this);
  disk_ = nullptr;
}

Disk::Process::Step Disk::Process::step() {
  if (disk_ == nullptr) return Step::dead;
  return ++operations_ == killed_at_ ? Step::dying : Step::done;
}

bool Disk::Process::may(Step step) {
  if (step == Step::dying && disk_->random_.chance(0.5)) kill();
  return disk_ != nullptr;
}

Disk::Outcome Disk::Process::after(Step step, Outcome outcome) {
  if (step != Step::dying) return outcome;
  kill();
  return Outcome::dead;
}

std::unique_ptr<Disk::File> Disk::Process::open(std::string_view path, bool is_made) {
  if (disk_ == nullptr) return nullptr;
  if (const auto found = disk_->names_.find(path); found != disk_->names_.end()) {
    return std::unique_ptr<File>(new File(*this, found->second));
  }
  if (!is_made) return nullptr;
  const auto inode = std::make_shared<Inode>();
  if (change({.name = std::string(path), .inode = inode}) != Outcome::ok) return nullptr;
  return std::unique_ptr<File>(new File(*this, inode));
}

std::unique_ptr<Disk::File> Disk::Process::open_unnamed() {
  if (disk_ == nullptr) return nullptr;
  return std::unique_ptr<File>(new File(*this, std::make_shared<Inode>()));
}

bool Disk::Process::exists(std::string_view path) const {
  return disk_ != nullptr && disk_->names_.find(path) != disk_->names_.end();
}

Disk::Outcome Disk::Process::change(NameChange change) {
  const Step step = this->step();
  if (!may(step)) return Outcome::dead;
  disk_->change_name(std::move(change));
  return after(step, Outcome::ok);
}

Disk::Outcome Disk::Process::remove(std::string_view path) {
  if (disk_ == nullptr) return Outcome::dead;
  if (!exists(path)) return Outcome::missing;
  return change({.name = std::string(path)});
}

Disk::Outcome Disk::Process::rename(std::string_view from, std::string_view to) {
  SCORIA_CHECK(folder_of(from) == folder_of(to));
  if (disk_ == nullptr) return Outcome::dead;
  const auto found = disk_->names_.find(from);
  if (found == disk_->names_.end()) return Outcome::missing;
  if (from == to) return Outcome::ok;
  return change({.name = std::string(to), .inode = found->second, .renamed_from = std::string(from)});
}

Disk::Outcome Disk::Process::sync_names(std::string_view folder) {
  const Step step = this->step();
  if (!may(step)) return Outcome::dead;
  const bool fails = disk_->sync_fails();
  if (disk_->faults_.ignores_syncs) return after(step, Outcome::ok);
  std::erase_if(disk_->name_changes_, [&](const NameChange& change) {
    if (folder_of(change.name) != folder) return false;
    if (!fails || disk_->random_.chance(0.5)) apply(change, disk_->durable_names_);
    return true;
  });
  return after(step, fails ? Outcome::failed : Outcome::ok);
}

Disk::File::File(Process& process, std::shared_ptr<Inode> inode) : process_(&process), inode_(std::move(inode)) {
  ++inode_->handles;
  process.files_.insert(this);
}

Disk::File::~File() { close(); }

void Disk::File::close() {
  if (process_ == nullptr) return;
  if (is_holding_ && --inode_->holds == 0) inode_->holder = nullptr;
  --inode_->handles;
  process_->disk_->free_unused(*inode_);
  process_->files_.erase(this);
  process_ = nullptr;
}

bool Disk::File::hold() {
  if (process_ == nullptr || (inode_->holder != nullptr && inode_->holder != process_)) return false;
  if (is_holding_) return true;
  is_holding_ = true;
  inode_->holder = process_;
  ++inode_->holds;
  return true;
}

std::optional<std::size_t> Disk::File::read(std::uint64_t offset, std::span<std::byte> out) const {
  if (process_ == nullptr) return std::nullopt;
  const Bytes& content = inode_->now;
  if (offset >= content.size()) return 0;
  const std::size_t size = std::min<std::uint64_t>(out.size(), content.size() - offset);
  std::memcpy(out.data(), content.data() + offset, size);
  return size;
}

std::optional<std::uint64_t> Disk::File::size() const {
  if (process_ == nullptr) return std::nullopt;
  return inode_->now.size();
}

Disk::Outcome Disk::File::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (process_ == nullptr) return Outcome::dead;
  Process& process = *process_;
  Disk& disk = *process.disk_;
  const Process::Step step = process.step();
  if (step == Process::Step::dying) bytes = bytes.first(disk.random_.below(bytes.size() + 1));
  Outcome outcome = Outcome::ok;
  const std::uint64_t end = std::max<std::uint64_t>(inode_->now.size(), offset + bytes.size());
  if (!disk.take_room(*inode_, end)) {
    outcome = Outcome::no_room;
    const std::uint64_t possible = inode_->charged + *disk.room_ / kBlock * kBlock;
    bytes = bytes.first(possible <= offset ? 0 : std::min<std::uint64_t>(bytes.size(), possible - offset));
    if (!bytes.empty()) (void)disk.take_room(*inode_, offset + bytes.size());  // as much as there is
  }
  ++disk.counters_.writes;
  disk.counters_.bytes += bytes.size();
  if (!bytes.empty()) inode_->write(offset, bytes);
  return process.after(step, outcome);
}

Disk::Outcome Disk::File::truncate(std::uint64_t size) {
  if (process_ == nullptr) return Outcome::dead;
  Process& process = *process_;
  const Process::Step step = process.step();
  if (!process.may(step)) return Outcome::dead;
  if (!process.disk_->take_room(*inode_, size)) return process.after(step, Outcome::no_room);
  if (size != inode_->now.size()) inode_->truncate(size);
  return process.after(step, Outcome::ok);
}

Disk::Outcome Disk::File::allocate(std::uint64_t size) {
  if (process_ == nullptr) return Outcome::dead;
  const std::uint64_t before = std::exchange(inode_->allocated, size);
  if (process_->disk_->take_room(*inode_, inode_->now.size())) return Outcome::ok;
  inode_->allocated = before;
  return Outcome::no_room;
}

Disk::Outcome Disk::File::sync() {
  if (process_ == nullptr) return Outcome::dead;
  Process& process = *process_;
  Disk& disk = *process.disk_;
  const Process::Step step = process.step();
  if (!process.may(step)) return Outcome::dead;
  const bool fails = disk.sync_fails();
  if (disk.faults_.ignores_syncs) return process.after(step, Outcome::ok);
  if (fails) {
    inode_->leave_to_chance(disk.random_);
    inode_->is_doubtful = true;
  } else {
    inode_->sync();
  }
  return process.after(step, fails ? Outcome::failed : Outcome::ok);
}

}  // namespace scoria::sim
