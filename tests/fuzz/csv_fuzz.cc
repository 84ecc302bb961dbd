// CSV: the fast reader, in one piece and in batches, agrees with a plain one, and what is written reads back the same.
// The first three bytes choose the options; the rest is the text.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "table/csv_reference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  scoria::table::CsvOptions options;
  options.separator = ",;\t |"[data[0] % 5];
  if (data[0] >= 128) options.max_record_bytes = 8 + data[0] % 64;
  if (data[1] >= 128) options.max_columns = 3;
  const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::string difference =
      scoria::table::reference::difference(text, options, 1 + data[1] % 128u, 1 + data[2] % 8u);
  if (!difference.empty()) {
    std::fprintf(stderr, "%s\n", difference.c_str());
    std::abort();
  }
  return 0;
}
