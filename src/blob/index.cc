#include "blob/index.h"

namespace scoria::blob {
namespace {

// The first name behind all that start with `prefix`; empty where there is none.
std::string behind(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

// Up to and with the first delimiter behind the prefix; empty where there is none.
std::string_view rolled_up(std::string_view name, std::string_view prefix, std::string_view delimiter) {
  if (delimiter.empty() || !name.starts_with(prefix)) return {};
  const std::size_t at = name.find(delimiter, prefix.size());
  return at == std::string_view::npos ? std::string_view{} : name.substr(0, at + delimiter.size());
}

}  // namespace

const Entry* Index::find(std::string_view name) const {
  const auto found = blobs_.find(name);
  return found == blobs_.end() ? nullptr : &found->second;
}

const Index::Blocks* Index::blocks(std::string_view name) const {
  const auto found = blocks_.find(name);
  return found == blocks_.end() ? nullptr : &found->second;
}

std::shared_ptr<const Traits> Index::shared_traits(std::shared_ptr<const Traits> traits) {
  if (last_traits_ == nullptr || !(*last_traits_ == *traits)) last_traits_ = std::move(traits);
  return last_traits_;
}

void Index::drop_blocks(const std::string& name, std::vector<std::uint64_t>& files) {
  const auto found = blocks_.find(name);
  if (found == blocks_.end()) return;
  for (const auto& [id, block] : found->second) {
    live_bytes_ -= block.journal_bytes;
    if (block.body.file != 0) files.push_back(block.body.file);
  }
  blocks_.erase(found);
}

std::vector<std::uint64_t> Index::apply(JournalLine line, std::uint64_t record_bytes) {
  std::vector<std::uint64_t> files;
  if (line.op == JournalLine::Op::block) {
    line.block.journal_bytes = record_bytes;
    live_bytes_ += record_bytes;
    Blocks& blocks = blocks_[line.name];
    const auto [place, is_new] = blocks.try_emplace(line.block_id, line.block);
    if (is_new) return files;
    live_bytes_ -= place->second.journal_bytes;
    if (place->second.body.file != 0) files.push_back(place->second.body.file);
    place->second = line.block;
    return files;
  }
  const auto old = blobs_.find(line.name);
  if (old != blobs_.end()) {
    live_bytes_ -= old->second.journal_bytes;
    const std::uint64_t file = old->second.body.file;
    if (file != 0 && (line.op == JournalLine::Op::erase || line.entry.body.file != file)) files.push_back(file);
  }
  if (line.op != JournalLine::Op::set) drop_blocks(line.name, files);
  if (line.op == JournalLine::Op::erase) {
    if (old != blobs_.end()) blobs_.erase(old);
    return files;
  }
  Entry& entry = line.entry;
  // A line without the bytes leaves those of an earlier one alive.
  entry.journal_bytes =
      record_bytes + (line.op == JournalLine::Op::set && entry.body.file == 0 ? entry.length : std::uint64_t{0});
  live_bytes_ += entry.journal_bytes;
  entry.traits = shared_traits(std::move(entry.traits));
  if (old != blobs_.end()) {
    old->second = std::move(entry);
  } else {
    blobs_.emplace(std::move(line.name), std::move(entry));
  }
  return files;
}

std::vector<BlobItem> Index::list(std::string_view prefix, std::string_view delimiter, std::string_view after,
                                  std::size_t limit) const {
  std::vector<BlobItem> items;
  auto place = blobs_.lower_bound(prefix);
  if (!after.empty() && after >= prefix) {
    // Behind a prefix that was listed as one item lies what does not start with it.
    const std::string_view group = rolled_up(after, prefix, delimiter);
    place = group.empty() ? blobs_.upper_bound(after) : blobs_.lower_bound(behind(std::string(group)));
  }
  while (place != blobs_.end() && items.size() < limit && place->first.starts_with(prefix)) {
    const std::string_view group = rolled_up(place->first, prefix, delimiter);
    if (group.empty()) {
      items.push_back({.name = place->first, .properties = shown(place->second)});
      ++place;
      continue;
    }
    items.push_back({.name = std::string(group), .is_prefix = true});
    place = blobs_.lower_bound(behind(std::string(group)));
  }
  return items;
}

void Index::each_blob(const std::function<void(const std::string&, Entry&)>& visit) {
  for (auto& [name, entry] : blobs_) visit(name, entry);
}

void Index::each_block(const std::function<void(const std::string&, const std::string&, Block&)>& visit) {
  for (auto& [name, blocks] : blocks_) {
    for (auto& [id, block] : blocks) visit(name, id, block);
  }
}

std::vector<std::uint64_t> Index::drop_blocks_before(WallTime time) {
  std::vector<std::uint64_t> files;
  for (auto name = blocks_.begin(); name != blocks_.end();) {
    std::erase_if(name->second, [&](const auto& item) {
      const Block& block = item.second;
      if (block.put >= time) return false;
      live_bytes_ -= block.journal_bytes;
      if (block.body.file != 0) files.push_back(block.body.file);
      return true;
    });
    name = name->second.empty() ? blocks_.erase(name) : std::next(name);
  }
  return files;
}

void Index::count_live_bytes() {
  live_bytes_ = 0;
  for (const auto& [name, entry] : blobs_) live_bytes_ += entry.journal_bytes;
  for (const auto& [name, blocks] : blocks_) {
    for (const auto& [id, block] : blocks) live_bytes_ += block.journal_bytes;
  }
}

}  // namespace scoria::blob
