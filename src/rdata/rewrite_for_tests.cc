// Reads an R file and writes what it read, for tests/r/rdata_writer.R, which has R compare the two.
// usage: rdata_rewrite IN OUT 2|3 xdr|ascii
#include <cstdio>
#include <string_view>

#include "base/file.h"
#include "rdata/reader.h"
#include "rdata/writer.h"

namespace {

scoria::Status rewrite(const char* in, const char* out, int version, std::string_view format) {
  using namespace scoria;
  SCORIA_TRY(file, FileBytes::open(in));
  SCORIA_TRY(document, rdata::read(file.bytes()));
  rdata::WriteOptions options;
  options.version = version;
  options.format = format == "ascii" ? rdata::WriteFormat::ascii : rdata::WriteFormat::xdr;
  SCORIA_TRY(bytes, rdata::write(document.root(), options));
  return write_file(out, bytes);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: rdata_rewrite IN OUT 2|3 xdr|ascii\n", stderr);
    return 2;
  }
  const auto status = rewrite(argv[1], argv[2], argv[3][0] - '0', argv[4]);
  if (status.ok()) return 0;
  std::fprintf(stderr, "rdata_rewrite: %s: %s\n", argv[1], status.error().message.c_str());
  return 1;
}
