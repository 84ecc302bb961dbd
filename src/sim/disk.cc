#include "sim/disk.h"

#include <algorithm>
#include <array>

#include "sim/disk_inode.h"

namespace scoria::sim {
namespace {

std::uint64_t blocks(std::uint64_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

}  // namespace

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

}  // namespace scoria::sim
