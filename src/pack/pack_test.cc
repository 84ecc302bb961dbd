#include "pack/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/checksum.h"
#include "pack/key.h"
#include "pack/pack_for_tests.h"
#include "pack/ready_form.h"
#include "pack/writer.h"

namespace scoria::pack {
namespace {

using testing::HasSubstr;

std::vector<std::string> key(int device, int sensor) { return {std::to_string(device), std::to_string(sensor)}; }

Result<Found> find_one(const Pack& pack, std::span<const std::string> parts) {
  const std::string bytes = key_bytes(parts);
  const std::string_view looked_up = bytes;
  Found found;
  SCORIA_TRY_STATUS(pack.find({&looked_up, 1}, {&found, 1}));
  return found;
}

// Everything that a reader can ask of a pack, as text; the error of the first thing that is wrong.
Result<std::string> read_all(const Pack& pack) {
  std::string all = to_json(pack.contents());
  std::vector<Schema> schemas;
  for (const std::string& json : pack.contents().schemas) {
    SCORIA_TRY(schema, read_schema(json));
    schemas.push_back(schema);
  }
  for (int i = 0; i < kModelsForTests; ++i) {
    SCORIA_TRY(found, find_one(pack, key(i / 4, i % 4)));
    if (found.place == 0) return Error{Code::not_found, "a key is gone"};
    SCORIA_TRY(record, pack.record(found.place));
    SCORIA_TRY(origin, pack.origin(record));
    all += std::string(origin.path) + origin.sha256;
    if (record.head.form == Form::source) {
      SCORIA_TRY(source, pack.source(record));
      all.append(reinterpret_cast<const char*>(source.data()), source.size());
      continue;
    }
    SCORIA_TRY(model, rebuild(record.head.form, schemas.at(record.head.schema), record.body));
    View view;
    SCORIA_TRY_STATUS(read_view(record.head.form, record.body, view));
    all.append(reinterpret_cast<const char*>(record.body.data()), record.body.size());
  }
  return all;
}

TEST(Pack, FindsEveryModelByItsKeyAndNoOther) {
  const PackForTests file;
  const PackPtr pack = file.open().value();
  EXPECT_EQ(pack->models(), kModelsForTests);
  EXPECT_TRUE(read_all(*pack).ok());
  EXPECT_EQ(find_one(*pack, key(0, 9)).value().place, 0u);
  EXPECT_EQ(find_one(*pack, std::vector<std::string>{"00", "1"}).value().place, 0u);
}

TEST(Pack, KeepsPartsOfAKeyApart) {
  EXPECT_NE(key_bytes(std::vector<std::string>{"1", "23"}), key_bytes(std::vector<std::string>{"12", "3"}));
  const std::vector<std::string> parts{"a", "", "b,c"};
  EXPECT_EQ(key_parts(key_bytes(parts), 3), parts);
  EXPECT_TRUE(key_parts(key_bytes(parts), 2).empty());
}

// The one promise about damage: an error, or, where only padding was hit, what was written.
TEST(Pack, TellsOfEveryFlippedBit) {
  const PackForTests file;
  const std::string whole = read_all(*file.open().value()).value();
  std::size_t unnoticed = 0;
  for (std::size_t bit = 0; bit < 8 * file.bytes().size(); bit += 3) {
    PackForTests damaged = file;
    char& byte = damaged.bytes()[bit / 8];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1u << (bit % 8)));
    const auto pack = damaged.open();
    if (!pack.ok()) continue;
    const auto all = read_all(*pack.value());
    if (!all.ok()) {
      EXPECT_THAT(all.error().message, HasSubstr("fleet.pack")) << "bit " << bit;
      continue;
    }
    ++unnoticed;
    EXPECT_EQ(all.value(), whole) << "bit " << bit;
  }
  // The padding of the checksums, at most 7 bytes.
  EXPECT_LE(unnoticed, 7u * 8u);
}

TEST(Pack, TellsOfAFileThatIsCutOff) {
  const PackForTests file;
  for (std::size_t size = 0; size < file.bytes().size(); size += 7) {
    PackForTests cut = file;
    cut.bytes().resize(size);
    EXPECT_FALSE(cut.open().ok()) << size;
  }
}

TEST(Pack, TellsOfBytesBehindTheEnd) {
  PackForTests file;
  file.bytes() += std::string(8, '\0');
  EXPECT_THAT(file.open().error().message, HasSubstr("cut off"));
}

TEST(Pack, RefusesAnotherVersion) {
  PackForTests file;
  file.bytes()[8] = 9;
  const auto pack = file.open();
  ASSERT_FALSE(pack.ok());
  EXPECT_EQ(pack.error().code, Code::unsupported);
  EXPECT_THAT(pack.error().message, HasSubstr("version 9"));
}

// Checksums are no signature: whoever makes them up is stopped by the checks of every offset and length.
TEST(Pack, SurvivesWordsThatLieUnderRightChecksums) {
  const PackForTests file;
  Tail tail;
  std::memcpy(&tail, file.bytes().data() + file.bytes().size() - sizeof tail, sizeof tail);
  for (std::size_t at = sizeof(Head); at + 8 <= tail.checksums.offset; at += 4) {
    for (const std::uint64_t lie :
         {std::uint64_t{0xffff'ffff'ffff'ffff}, std::uint64_t{1}, std::uint64_t{0x7fff'fff8}}) {
      PackForTests forged = file;
      std::memcpy(forged.bytes().data() + at, &lie, sizeof lie);
      forged.sign();
      const auto pack = forged.open();
      if (pack.ok()) (void)read_all(*pack.value());  // whatever it says, it ends
    }
  }
}

TEST(Writer, RefusesTwoModelsOfOneKey) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "scoria_pack_test_two";
  PackWriter writer = PackWriter::create(path, {.keys = {"Device"}}).value();
  const std::vector<std::string> one{"7"};
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(writer.add(one, {.path = "a"}, *sensor_model_for_tests(i), {}).ok());
  const Status done = writer.commit();
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, Code::conflict);
  EXPECT_THAT(done.error().message, HasSubstr("the key 7"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Writer, RefusesAKeyOfAnotherLength) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "scoria_pack_test_key";
  PackWriter writer = PackWriter::create(path, {.keys = {"Device"}}).value();
  const Status added = writer.add(key(1, 2), {.path = "a"}, *sensor_model_for_tests(1), {});
  ASSERT_FALSE(added.ok());
  EXPECT_THAT(added.error().message, HasSubstr("must have 1"));
}

TEST(ReadyForm, RefusesABodyThatIsTooShortOrTooLong) {
  const ReadyModel ready = make_ready(*sensor_model_for_tests(1)).value();
  for (std::size_t size = 0; size <= ready.body.size() + 8; ++size) {
    std::string body = ready.body;
    body.resize(size, '\0');
    View view;
    const Status read = read_view(ready.form, std::as_bytes(std::span(body)), view);
    EXPECT_EQ(read.ok(), size == ready.body.size()) << size;
  }
}

TEST(ReadyForm, LeavesNumbersThatAreNotFiniteToTheModel) {
  const ReadyModel ready = make_ready(*sensor_model_for_tests(1)).value();
  View view;
  ASSERT_TRUE(read_view(ready.form, std::as_bytes(std::span(ready.body)), view).ok());
  Scratch scratch;
  for (const double x : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    const double* const column = &x;
    double out = 0;
    EXPECT_FALSE(values(view, {&column, 1}, 0, 1, model::tree::Simd::none, scratch, &out));
  }
}

}  // namespace
}  // namespace scoria::pack
