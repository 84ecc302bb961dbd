#include "pool/resource_classes.h"

#include <algorithm>
#include <array>

namespace scoria::pool {
namespace {

// Memory in tenths of a GiB, as some sizes have 3.5 and 0.75.
struct Size {
  std::string_view name;  // lower-case
  int cores;
  int memory_tenths;
  int gpus = 0;
};

// Source: Azure's "Sizes for virtual machines" and "Sizes for Cloud Services", general purpose, compute, memory and GPU, with the retired
// ones that scripts of 2017 to 2021 name.
constexpr auto kSizes = std::to_array<Size>({
    // A
    {"small", 1, 17},
    {"medium", 2, 35},
    {"large", 4, 70},
    {"extralarge", 8, 140},
    {"standard_a0", 1, 7},
    {"standard_a1", 1, 17},
    {"standard_a2", 2, 35},
    {"standard_a3", 4, 70},
    {"standard_a4", 8, 140},
    {"standard_a5", 2, 140},
    {"standard_a6", 4, 280},
    {"standard_a7", 8, 560},
    {"standard_a8", 8, 560},
    {"standard_a9", 16, 1120},
    {"standard_a10", 8, 560},
    {"standard_a11", 16, 1120},
    {"standard_a1_v2", 1, 20},
    {"standard_a2_v2", 2, 40},
    {"standard_a4_v2", 4, 80},
    {"standard_a8_v2", 8, 160},
    {"standard_a2m_v2", 2, 160},
    {"standard_a4m_v2", 4, 320},
    {"standard_a8m_v2", 8, 640},
    // B
    {"standard_b1s", 1, 10},
    {"standard_b1ms", 1, 20},
    {"standard_b2s", 2, 40},
    {"standard_b2ms", 2, 80},
    {"standard_b4ms", 4, 160},
    {"standard_b8ms", 8, 320},
    {"standard_b12ms", 12, 480},
    {"standard_b16ms", 16, 640},
    {"standard_b20ms", 20, 800},
    // D, DS
    {"standard_d1", 1, 35},
    {"standard_d2", 2, 70},
    {"standard_d3", 4, 140},
    {"standard_d4", 8, 280},
    {"standard_d11", 2, 140},
    {"standard_d12", 4, 280},
    {"standard_d13", 8, 560},
    {"standard_d14", 16, 1120},
    {"standard_ds1", 1, 35},
    {"standard_ds2", 2, 70},
    {"standard_ds3", 4, 140},
    {"standard_ds4", 8, 280},
    {"standard_ds11", 2, 140},
    {"standard_ds12", 4, 280},
    {"standard_ds13", 8, 560},
    {"standard_ds14", 16, 1120},
    {"standard_d1_v2", 1, 35},
    {"standard_d2_v2", 2, 70},
    {"standard_d3_v2", 4, 140},
    {"standard_d4_v2", 8, 280},
    {"standard_d5_v2", 16, 560},
    {"standard_d11_v2", 2, 140},
    {"standard_d12_v2", 4, 280},
    {"standard_d13_v2", 8, 560},
    {"standard_d14_v2", 16, 1120},
    {"standard_d15_v2", 20, 1400},
    {"standard_ds1_v2", 1, 35},
    {"standard_ds2_v2", 2, 70},
    {"standard_ds3_v2", 4, 140},
    {"standard_ds4_v2", 8, 280},
    {"standard_ds5_v2", 16, 560},
    {"standard_ds11_v2", 2, 140},
    {"standard_ds12_v2", 4, 280},
    {"standard_ds13_v2", 8, 560},
    {"standard_ds14_v2", 16, 1120},
    {"standard_ds15_v2", 20, 1400},
    {"standard_l4s", 4, 320},
    {"standard_l8s", 8, 640},
    {"standard_l16s", 16, 1280},
    {"standard_l32s", 32, 2560},
    {"standard_l8s_v2", 8, 640},
    {"standard_l16s_v2", 16, 1280},
    {"standard_l32s_v2", 32, 2560},
    {"standard_l48s_v2", 48, 3840},
    {"standard_l64s_v2", 64, 5120},
    {"standard_l80s_v2", 80, 6400},
    // F
    {"standard_f1", 1, 20},
    {"standard_f2", 2, 40},
    {"standard_f4", 4, 80},
    {"standard_f8", 8, 160},
    {"standard_f16", 16, 320},
    {"standard_f1s", 1, 20},
    {"standard_f2s", 2, 40},
    {"standard_f4s", 4, 80},
    {"standard_f8s", 8, 160},
    {"standard_f16s", 16, 320},
    {"standard_f2s_v2", 2, 40},
    {"standard_f4s_v2", 4, 80},
    {"standard_f8s_v2", 8, 160},
    {"standard_f16s_v2", 16, 320},
    {"standard_f32s_v2", 32, 640},
    {"standard_f48s_v2", 48, 960},
    {"standard_f64s_v2", 64, 1280},
    {"standard_f72s_v2", 72, 1440},
    // G, H, M
    {"standard_g1", 2, 280},
    {"standard_g2", 4, 560},
    {"standard_g3", 8, 1120},
    {"standard_g4", 16, 2240},
    {"standard_g5", 32, 4480},
    {"standard_h8", 8, 560},
    {"standard_h16", 16, 1120},
    {"standard_h8m", 8, 1120},
    {"standard_h16m", 16, 2240},
    {"standard_h16r", 16, 1120},
    {"standard_h16mr", 16, 2240},
    {"standard_hb60rs", 60, 2280},
    {"standard_hc44rs", 44, 3520},
    {"standard_hb120rs_v2", 120, 4560},
    {"standard_hb120rs_v3", 120, 4480},
    {"standard_m64s", 64, 10240},
    {"standard_m64ms", 64, 17920},
    {"standard_m128s", 128, 20480},
    {"standard_m128ms", 128, 38920},
    // GPUs
    {"standard_nc6", 6, 560, 1},
    {"standard_nc12", 12, 1120, 2},
    {"standard_nc24", 24, 2240, 4},
    {"standard_nc24r", 24, 2240, 4},
    {"standard_nc6s_v2", 6, 1120, 1},
    {"standard_nc12s_v2", 12, 2240, 2},
    {"standard_nc24s_v2", 24, 4480, 4},
    {"standard_nc24rs_v2", 24, 4480, 4},
    {"standard_nc6s_v3", 6, 1120, 1},
    {"standard_nc12s_v3", 12, 2240, 2},
    {"standard_nc24s_v3", 24, 4480, 4},
    {"standard_nc24rs_v3", 24, 4480, 4},
    {"standard_nc4as_t4_v3", 4, 280, 1},
    {"standard_nc8as_t4_v3", 8, 560, 1},
    {"standard_nc16as_t4_v3", 16, 1100, 1},
    {"standard_nc64as_t4_v3", 64, 4400, 4},
    {"standard_nc24ads_a100_v4", 24, 2200, 1},
    {"standard_nc48ads_a100_v4", 48, 4400, 2},
    {"standard_nc96ads_a100_v4", 96, 8800, 4},
    {"standard_nc40ads_h100_v5", 40, 3200, 1},
    {"standard_nc80adis_h100_v5", 80, 6400, 2},
    {"standard_nv6", 6, 560, 1},
    {"standard_nv12", 12, 1120, 2},
    {"standard_nv24", 24, 2240, 4},
    {"standard_nv12s_v3", 12, 1120, 1},
    {"standard_nv24s_v3", 24, 2240, 2},
    {"standard_nv48s_v3", 48, 4480, 4},
    {"standard_nv36ads_a10_v5", 36, 4400, 1},
    {"standard_nv72ads_a10_v5", 72, 8800, 2},
    {"standard_nd6s", 6, 1120, 1},
    {"standard_nd12s", 12, 2240, 2},
    {"standard_nd24s", 24, 4480, 4},
    {"standard_nd24rs", 24, 4480, 4},
    {"standard_nd40rs_v2", 40, 6720, 8},
    {"standard_nd96asr_v4", 96, 9000, 8},
    {"standard_nd96amsr_a100_v4", 96, 19000, 8},
    {"standard_nd96isr_h100_v5", 96, 19000, 8},
});

// The D and E families from version 3 on are regular: cores by name, 4 or 8 GiB each.
// "standard_" ("d" | "e") cores ["a"] ["l"] ["d"] ["s"] "_v" version.
struct Regular {
  char family;
  int cores;
};

std::optional<Regular> read_regular(std::string_view name) {
  constexpr std::string_view kPrefix = "standard_";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  if (name.empty() || (name[0] != 'd' && name[0] != 'e')) return std::nullopt;
  Regular read{name[0], 0};
  name.remove_prefix(1);
  while (!name.empty() && name[0] >= '0' && name[0] <= '9' && read.cores < 1000) {
    read.cores = read.cores * 10 + (name[0] - '0');
    name.remove_prefix(1);
  }
  for (const char letter : {'a', 'd', 's'}) {
    if (!name.empty() && name[0] == letter) name.remove_prefix(1);
  }
  constexpr std::array<int, 9> kCores = {2, 4, 8, 16, 20, 32, 48, 64, 96};
  if (std::ranges::find(kCores, read.cores) == kCores.end()) return std::nullopt;
  if (name != "_v3" && name != "_v4" && name != "_v5" && name != "_v6") return std::nullopt;
  return read;
}

ResourceClass make_class(std::string name, int cores, int memory_tenths, int gpus) {
  const auto bytes = (static_cast<std::uint64_t>(memory_tenths) << 30) / 10;
  return ResourceClass{std::move(name), cores, bytes, gpus};
}

std::string lower(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return made;
}

}  // namespace

std::optional<ResourceClass> find_resource_class(std::string_view vm_size,
                                                 const std::map<std::string, ResourceClass>& own) {
  std::string name = lower(vm_size);
  for (const auto& [key, size] : own) {
    if (lower(key) != name) continue;
    ResourceClass found = size;
    found.name = name;
    return found;
  }
  const auto size = std::ranges::find(kSizes, name, &Size::name);
  if (size != kSizes.end()) return make_class(std::move(name), size->cores, size->memory_tenths, size->gpus);
  if (const auto regular = read_regular(name)) {
    return make_class(std::move(name), regular->cores, regular->cores * (regular->family == 'd' ? 40 : 80), 0);
  }
  return std::nullopt;
}

}  // namespace scoria::pool
