// Any bytes as a pack: opened, every model looked at and scored. The first byte says whether checksums are made to fit, so that lies get past them.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "base/checksum.h"
#include "model/pipeline/pipeline.h"
#include "pack/answers.h"
#include "pack/pack.h"
#include "pack/ready_form.h"

namespace {

using namespace scoria;

void require(bool condition) {
  if (!condition) std::abort();
}

// As the writer does; what the tail says may be anything.
void sign(std::span<std::byte> bytes) {
  if (bytes.size() < sizeof(pack::Head) + sizeof(pack::Tail)) return;
  pack::Tail tail;
  std::byte* const end = bytes.data() + bytes.size() - sizeof tail;
  std::memcpy(&tail, end, sizeof tail);
  tail.magic = pack::kTailMagic;
  tail.file_bytes = bytes.size();
  if (tail.checksums.offset < bytes.size() && tail.checksums.bytes <= bytes.size() - tail.checksums.offset) {
    for (std::uint64_t i = 0; (i + 1) * sizeof(std::uint32_t) <= tail.checksums.bytes; ++i) {
      const std::uint64_t begin = i * pack::kBlockBytes;
      if (begin >= tail.checksums.offset) break;
      const std::uint32_t sum =
          crc32(bytes.subspan(begin, std::min<std::uint64_t>(pack::kBlockBytes, tail.checksums.offset - begin)));
      std::memcpy(bytes.data() + tail.checksums.offset + i * sizeof sum, &sum, sizeof sum);
    }
    tail.checksums_crc = crc32(bytes.subspan(tail.checksums.offset, tail.checksums.bytes));
  }
  tail.tail_crc = 0;
  tail.tail_crc = crc32(std::as_bytes(std::span(&tail, 1)));
  std::memcpy(end, &tail, sizeof tail);
}

void score(const pack::Record& record, const std::vector<pack::Schema>& schemas) {
  pack::View view;
  if (!pack::read_view(record.head.form, record.body, view).ok()) return;
  require(view.inputs > 0);
  if (view.inputs > 64) return;
  constexpr std::size_t kRows = 5;
  const std::vector<double> column{0, 1, -2.5, 1e9, 1e-9};
  const std::vector<const double*> columns(view.inputs, column.data());
  pack::Scratch scratch;
  std::vector<double> out(kRows);
  (void)pack::values(view, columns, 0, kRows, model::tree::Simd::none, scratch, out.data());
  if (record.head.schema >= schemas.size()) return;
  const auto model = pack::rebuild(record.head.form, schemas[record.head.schema], record.body);
  if (!model.ok()) return;
  table::Table rows(kRows);
  for (const model::Feature& feature : model.value()->description().features) {
    rows.add(feature.name, table::Column::real(column));
  }
  InlineExecutor executor;
  (void)model.value()->score(rows, {.types = model.value()->description().types}, executor);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  auto words = std::make_shared<std::vector<std::uint64_t>>(size / sizeof(std::uint64_t) + 1);
  std::memcpy(words->data(), data + 1, size - 1);
  const auto bytes = std::as_writable_bytes(std::span(*words)).first(size - 1);
  if (data[0] % 2 == 1) sign(bytes);
  const auto pack = pack::Pack::over(bytes, "fuzz", words);
  if (!pack.ok()) {
    require(!pack.error().message.empty());
    return 0;
  }
  std::vector<pack::Schema> schemas;
  for (const std::string& json : pack.value()->contents().schemas) {
    auto schema = pack::read_schema(json);
    if (!schema.ok()) break;
    schemas.push_back(std::move(schema).value());
  }
  constexpr std::uint64_t kMostSlots = 256;
  for (std::uint64_t slot = 0; slot < std::min(pack.value()->slots(), kMostSlots); ++slot) {
    const auto record = pack.value()->in_slot(slot);
    if (!record.ok() || !record.value()) continue;
    (void)pack.value()->origin(*record.value());
    pack::Found found;
    require(!pack.value()->find({&record.value()->key, 1}, {&found, 1}).ok() || found.slot < pack.value()->slots());
    if (record.value()->head.form == pack::Form::source) {
      (void)pack.value()->source(*record.value());
    } else {
      score(*record.value(), schemas);
    }
  }
  return 0;
}
