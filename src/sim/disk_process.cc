// Processes of a simulated disk, and the files that they have open.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/result.h"
#include "sim/disk.h"
#include "sim/disk_inode.h"

namespace scoria::sim {

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
  const std::vector<std::byte>& content = inode_->now;
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
