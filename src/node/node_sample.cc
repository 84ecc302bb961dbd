#include "node/node_sample.h"

#include <sys/statvfs.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "node/keeper_protocol.h"

namespace scoria::node {
namespace {

constexpr double kSector = 512;  // diskstats counts in these, whatever the disk's are

bool is_whole_disk(const std::string& name) {
  if (name.starts_with("loop") || name.starts_with("ram") || name.starts_with("dm-") || name.starts_with("md"))
    return false;
  if (name.starts_with("nvme") || name.starts_with("mmcblk")) return name.find('p') == std::string::npos;
  return !std::isdigit(static_cast<unsigned char>(name.back()));
}

double used_memory() {
  std::ifstream file("/proc/meminfo");
  std::string line;
  double total = 0, available = 0;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string name;
    double kilobytes = 0;
    words >> name >> kilobytes;
    if (name == "MemTotal:") total = kilobytes * 1024;
    if (name == "MemAvailable:") available = kilobytes * 1024;
  }
  return std::max(0.0, total - available);
}

}  // namespace

Sampler::Counters Sampler::read_counters() {
  Counters now;
  std::string line;
  std::ifstream stat("/proc/stat");
  if (std::getline(stat, line)) {
    std::istringstream words(line.substr(std::min<std::size_t>(line.size(), 4)));
    double ticks = 0;
    for (int field = 0; field < 8 && words >> ticks; ++field) {
      now.total += ticks;
      if (field != 3 && field != 4) now.busy += ticks;  // not idle, not waiting for a disk
    }
  }
  std::ifstream disks("/proc/diskstats");
  while (std::getline(disks, line)) {
    std::istringstream words(line);
    int major = 0, minor = 0;
    std::string name;
    double reads = 0, merged = 0, sectors = 0, time = 0, writes = 0, writes_merged = 0, sectors_written = 0;
    if (!(words >> major >> minor >> name >> reads >> merged >> sectors >> time >> writes >> writes_merged >>
          sectors_written) ||
        !is_whole_disk(name)) {
      continue;
    }
    now.reads += reads;
    now.writes += writes;
    now.read_bytes += sectors * kSector;
    now.written_bytes += sectors_written * kSector;
  }
  std::ifstream network("/proc/net/dev");
  while (std::getline(network, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || line.find("lo:") != std::string::npos) continue;
    std::istringstream words(line.substr(colon + 1));
    double value = 0;
    for (int field = 0; field < 9 && words >> value; ++field) {
      if (field == 0) now.received += value;
      if (field == 8) now.sent += value;
    }
  }
  return now;
}

spec::NodeSample Sampler::look() {
  const Counters now = read_counters();
  spec::NodeSample sample;
  sample.at_us = wall_now_us();
  const double total = now.total - (has_last_ ? last_.total : 0);
  const double busy = now.busy - (has_last_ ? last_.busy : 0);
  sample.cpu_percent = total > 0 ? std::clamp(100 * busy / total, 0.0, 100.0) : 0;
  sample.memory_bytes = used_memory();
  struct statvfs disk {};
  if (statvfs(disk_.c_str(), &disk) == 0) {
    sample.disk_bytes = static_cast<double>(disk.f_blocks - disk.f_bfree) * static_cast<double>(disk.f_frsize);
  }
  if (has_last_) {
    const auto since = [](double to, double from) { return std::max(0.0, to - from); };  // a device may go
    sample.disk_read_bytes = since(now.read_bytes, last_.read_bytes);
    sample.disk_write_bytes = since(now.written_bytes, last_.written_bytes);
    sample.disk_read_ops = since(now.reads, last_.reads);
    sample.disk_write_ops = since(now.writes, last_.writes);
    sample.network_in_bytes = since(now.received, last_.received);
    sample.network_out_bytes = since(now.sent, last_.sent);
  }
  last_ = now;
  has_last_ = true;
  return sample;
}

std::optional<std::uint64_t> free_bytes(const std::filesystem::path& folder) {
  struct statvfs disk {};
  if (statvfs(folder.c_str(), &disk) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
}

int machine_cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

std::uint64_t machine_memory_bytes() {
  struct sysinfo info {};
  return sysinfo(&info) == 0 ? static_cast<std::uint64_t>(info.totalram) * info.mem_unit : 0;
}

}  // namespace scoria::node
