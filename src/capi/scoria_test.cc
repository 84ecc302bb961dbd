#include "capi/scoria.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "capi/golden_for_tests.h"
#include "table/arrow_for_tests.h"

namespace scoria::capi {
namespace {

using table::ArrowBatchForTests;
using ::testing::HasSubstr;

// Which code opening some bytes gives, and the message.
Answer open_bytes(std::string_view bytes, const scoria_open_options* options = nullptr) {
  scoria_model* model = nullptr;
  scoria_error* error = nullptr;
  Answer answer;
  answer.code = scoria_model_open_bytes(bytes.data(), bytes.size(), options, &model, &error);
  const ErrorHandle owned(error);
  const ModelHandle opened(model);
  EXPECT_EQ(model == nullptr, answer.code != SCORIA_OK);
  EXPECT_EQ(error == nullptr, answer.code == SCORIA_OK);
  EXPECT_EQ(scoria_error_code(error), answer.code);
  answer.message = scoria_error_message(error);
  return answer;
}

std::string model_bytes(const std::string& name) {
  std::ifstream file(golden_file(name + "/model.rds"), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

scoria_open_options zero_options() {
  scoria_open_options options{};
  options.size = sizeof options;
  return options;
}

TEST(CInterface, SaysItsVersions) {
  EXPECT_EQ(scoria_abi_version(), SCORIA_ABI_VERSION);
  EXPECT_STREQ(scoria_version(), SCORIA_VERSION_FOR_TESTS);
}

TEST(CInterface, ScoresAsR) {
  const ModelHandle model = open_golden("gbm_gaussian_cat_na");
  const table::Table rows = read_table(golden_file("gbm_gaussian_cat_na/input.csv"));
  const table::Table expected = read_table(golden_file("gbm_gaussian_cat_na/expected.csv"));
  const Answer answer = score_table(model.get(), rows, "link", "n.trees", "120");
  ASSERT_EQ(answer.code, SCORIA_OK) << answer.message;
  ASSERT_EQ(answer.table.names(), std::vector<std::string>{"link"});
  for (std::size_t row = 0; row < expected.rows(); ++row) {
    EXPECT_EQ(answer.table.column(0)->reals()[row], expected.find("link_120")->reals()[row]) << "row " << row + 1;
  }
}

TEST(CInterface, BytesAndFileGiveTheSameModel) {
  const std::string bytes = model_bytes("rf_class_factor12");
  scoria_model* from_bytes = nullptr;
  ASSERT_EQ(scoria_model_open_bytes(bytes.data(), bytes.size(), nullptr, &from_bytes, nullptr), SCORIA_OK);
  const ModelHandle owned(from_bytes);
  EXPECT_STREQ(scoria_model_describe(from_bytes), scoria_model_describe(open_golden("rf_class_factor12").get()));
}

TEST(CInterface, TextAndFactorColumnsAnswerAlike) {
  const ModelHandle model = open_golden("rf_class_factor12");
  const table::Table rows = read_table(golden_file("rf_class_factor12/input.csv"));
  const table::Table expected = read_table(golden_file("rf_class_factor12/expected.csv"));
  const Answer answer = score_table(model.get(), rows, "prob");
  ASSERT_EQ(answer.code, SCORIA_OK) << answer.message;
  for (const char* name : {"prob:setosa", "prob:versicolor", "prob:virginica"}) {
    for (std::size_t row = 0; row < expected.rows(); ++row) {
      const table::Column& r = *expected.find(name);
      const double number = r.type() == table::Type::real ? r.reals()[row] : r.integers()[row];
      EXPECT_EQ(answer.table.find(name)->reals()[row], number) << name << ", row " << row + 1;
    }
  }
  const Answer classes = score_table(model.get(), rows, "response");
  ASSERT_EQ(classes.code, SCORIA_OK) << classes.message;
  EXPECT_EQ(classes.table.find("response")->type(), table::Type::factor);
}

TEST(CInterface, DescribesTheModelAsJson) {
  const ModelHandle model = open_golden("rf_class_factor12");
  const auto json = nlohmann::json::parse(scoria_model_describe(model.get()));
  EXPECT_EQ(json["family"], "randomForest");
  std::map<std::string, std::size_t> levels;
  for (const auto& feature : json["features"]) {
    levels[feature["name"]] = feature.value("levels", std::vector<std::string>{}).size();
  }
  EXPECT_EQ(levels["F"], 12u);
  EXPECT_EQ(levels["Sepal.Width"], 0u);
  EXPECT_EQ(json["types"][0], "response");
  EXPECT_EQ(json["labels"], (std::vector<std::string>{"setosa", "versicolor", "virginica"}));
  EXPECT_EQ(scoria_model_describe(nullptr), nullptr);
}

TEST(CInterface, NotesSayWhatHappenedToUnseenLevels) {
  const ModelHandle model = open_golden("gbm_gaussian_cat_na");
  ArrowBatchForTests batch(1);
  for (const char* name : {"Solar.R", "Wind", "Temp"}) batch.add_values<double>("g", name, {1});
  batch.add("u", "Month", {"", table::bytes_of<std::int32_t>({0, 5}), "March"});
  ArrowSchema type{};
  ArrowArray out{};
  scoria_notes* notes = nullptr;
  ASSERT_EQ(scoria_model_score(model.get(), nullptr, batch.schema(), batch.array(), &type, &out, &notes, nullptr),
            SCORIA_OK);
  type.release(&type);
  out.release(&out);
  ASSERT_GE(scoria_notes_count(notes), 1u);
  std::string all;
  for (std::size_t i = 0; i < scoria_notes_count(notes); ++i) all += scoria_notes_text(notes, i);
  EXPECT_THAT(all, HasSubstr("March"));
  EXPECT_EQ(scoria_notes_text(notes, scoria_notes_count(notes)), nullptr);
  scoria_notes_free(notes);
}

TEST(CInterface, GarbageIsRefusedWithAReason) {
  EXPECT_EQ(open_bytes("not a model").code, SCORIA_INVALID);
  EXPECT_EQ(open_bytes("").code, SCORIA_INVALID);
  EXPECT_THAT(open_bytes("not a model").message, HasSubstr("R"));
}

TEST(CInterface, ATruncatedModelIsRefusedWhereverItEnds) {
  const std::string bytes = model_bytes("rf_reg_stump_only_root");
  ASSERT_EQ(open_bytes(bytes).code, SCORIA_OK);
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    const Answer answer = open_bytes(std::string_view(bytes).substr(0, size));
    EXPECT_NE(answer.code, SCORIA_OK) << size;
    EXPECT_NE(answer.code, SCORIA_BUG) << size << ": " << answer.message;
    EXPECT_FALSE(answer.message.empty());
  }
}

TEST(CInterface, LimitsAreKept) {
  scoria_open_options options = zero_options();
  options.max_bytes = 1000;
  const std::string bytes = model_bytes("gbm_gaussian_cat_na");
  EXPECT_EQ(open_bytes(bytes, &options).code, SCORIA_TOO_LARGE);
  // A little more than the file, far less than what it holds.
  options.max_bytes = bytes.size() + 10;
  EXPECT_EQ(open_bytes(bytes, &options).code, SCORIA_TOO_LARGE);
  scoria_model* model = nullptr;
  options.max_bytes = 1000;
  const std::string path = golden_file("gbm_gaussian_cat_na/model.rds");
  EXPECT_EQ(scoria_model_open_file(path.c_str(), &options, &model, nullptr), SCORIA_TOO_LARGE);
  options = zero_options();
  options.threads = 1025;
  EXPECT_THAT(open_bytes(bytes, &options).message, HasSubstr("threads is 1025, must be at most 1024"));
}

TEST(CInterface, FilesThatCannotBeReadAreNamed) {
  scoria_model* model = nullptr;
  scoria_error* error = nullptr;
  EXPECT_EQ(scoria_model_open_file("/no/such/file.rds", nullptr, &model, &error), SCORIA_NOT_FOUND);
  EXPECT_STREQ(scoria_error_message(error), "'/no/such/file.rds': No such file or directory");
  scoria_error_free(error);
  EXPECT_EQ(scoria_model_open_file("/", nullptr, &model, &error), SCORIA_UNAVAILABLE);
  scoria_error_free(error);
  scoria_open_options options = zero_options();
  options.max_bytes = 1 << 20;
  EXPECT_EQ(scoria_model_open_file("/dev/zero", &options, &model, nullptr), SCORIA_TOO_LARGE);  // endless
}

TEST(CInterface, ObjectsOfAWorkspaceAreNamed) {
  const std::string path = golden_file("gbm_stored_rdata/model.RData");
  scoria_open_options options = zero_options();
  options.object = "no such object";
  scoria_model* model = nullptr;
  scoria_error* error = nullptr;
  EXPECT_EQ(scoria_model_open_file(path.c_str(), &options, &model, &error), SCORIA_NOT_FOUND);
  EXPECT_THAT(scoria_error_message(error), HasSubstr("no object 'no such object'"));
  scoria_error_free(error);
}

TEST(CInterface, AnOlderCallersOptionsAreUnderstoodAndANewersRefused) {
  const std::string bytes = model_bytes("rf_reg_stump_only_root");
  scoria_open_options options = zero_options();
  options.threads = 4000;  // beyond what an older caller knows of
  options.size = offsetof(scoria_open_options, threads);
  EXPECT_EQ(open_bytes(bytes, &options).code, SCORIA_OK);
  for (const std::size_t size : {std::size_t{0}, sizeof(scoria_open_options) + 8, SIZE_MAX}) {
    options.size = size;
    EXPECT_THAT(open_bytes(bytes, &options).message, HasSubstr("must be sizeof(scoria_open_options)"));
  }
}

TEST(CInterface, NullPointersAreErrors) {
  scoria_model* model = nullptr;
  EXPECT_EQ(scoria_model_open_file(nullptr, nullptr, &model, nullptr), SCORIA_INVALID);
  EXPECT_EQ(scoria_model_open_file("x", nullptr, nullptr, nullptr), SCORIA_INVALID);
  EXPECT_EQ(scoria_model_open_bytes(nullptr, 0, nullptr, &model, nullptr), SCORIA_INVALID);
  EXPECT_EQ(scoria_model_open_bytes("x", 1, nullptr, nullptr, nullptr), SCORIA_INVALID);
  scoria_model_free(nullptr);
  scoria_error_free(nullptr);
  scoria_notes_free(nullptr);
  EXPECT_EQ(scoria_error_code(nullptr), SCORIA_OK);
  EXPECT_EQ(scoria_notes_count(nullptr), 0u);

  const ModelHandle opened = open_golden("rf_reg_stump_only_root");
  ArrowSchema type{};
  ArrowArray out{};
  ArrowBatchForTests batch(1);
  EXPECT_EQ(scoria_model_score(nullptr, nullptr, batch.schema(), batch.array(), &type, &out, nullptr, nullptr),
            SCORIA_INVALID);
  EXPECT_EQ(batch.schema_releases + batch.array_releases, 2);
  ArrowBatchForTests half(1);
  EXPECT_EQ(scoria_model_score(opened.get(), nullptr, half.schema(), nullptr, &type, &out, nullptr, nullptr),
            SCORIA_INVALID);
  EXPECT_EQ(half.schema_releases, 1);
  ArrowBatchForTests nowhere(1);
  EXPECT_EQ(
      scoria_model_score(opened.get(), nullptr, nowhere.schema(), nowhere.array(), nullptr, nullptr, nullptr, nullptr),
      SCORIA_INVALID);
  EXPECT_EQ(nowhere.schema_releases + nowhere.array_releases, 2);

  scoria_request request{};
  request.size = sizeof request;
  const char* const names[] = {nullptr};
  request.types = names;
  request.type_count = 1;
  ArrowBatchForTests third(1);
  EXPECT_EQ(scoria_model_score(opened.get(), &request, third.schema(), third.array(), &type, &out, nullptr, nullptr),
            SCORIA_INVALID);
  request.types = nullptr;
  ArrowBatchForTests fourth(1);
  EXPECT_EQ(scoria_model_score(opened.get(), &request, fourth.schema(), fourth.array(), &type, &out, nullptr, nullptr),
            SCORIA_INVALID);
  request.type_count = SIZE_MAX;
  ArrowBatchForTests fifth(1);
  EXPECT_EQ(scoria_model_score(opened.get(), &request, fifth.schema(), fifth.array(), &type, &out, nullptr, nullptr),
            SCORIA_TOO_LARGE);
}

TEST(CInterface, WrongColumnsAndRequestsAreRefusedByName) {
  const ModelHandle model = open_golden("gbm_gaussian_cat_na");
  const auto refused = [&](const std::string& type, const std::string& parameter, const std::string& value,
                           const std::function<void(ArrowBatchForTests&)>& spoil) {
    ArrowBatchForTests batch(1);
    for (const char* name : {"Solar.R", "Wind"}) batch.add_values<double>("g", name, {1});
    batch.add("u", "Month", {"", table::bytes_of<std::int32_t>({0, 1}), "5"});
    spoil(batch);
    const Answer answer = score_arrow(model.get(), batch.schema(), batch.array(), type, parameter, value);
    EXPECT_EQ(batch.schema_releases, 1);
    EXPECT_EQ(batch.array_releases, 1);
    return answer.code == SCORIA_OK ? "accepted" : answer.message;
  };
  const auto right = [](ArrowBatchForTests& batch) { batch.add_values<double>("g", "Temp", {1}); };
  EXPECT_EQ(refused("link", "n.trees", "10", right), "accepted");
  EXPECT_THAT(refused("", "", "", [](auto&) {}), HasSubstr("the input lacks column 'Temp'"));
  EXPECT_THAT(refused("", "", "",
                      [](auto& b) {
                        b.add("u", "Temp", {"", table::bytes_of<std::int32_t>({0, 4}), "warm"});
                      }),
              HasSubstr("row 1, column 'Temp': 'warm' is not a number"));
  EXPECT_THAT(refused("", "", "", [](auto& b) { b.add("+l", "Temp", {""}); }),
              HasSubstr("column 'Temp': the nested Arrow type"));
  EXPECT_THAT(refused("no such type", "", "", right), HasSubstr("no such type"));
  EXPECT_THAT(refused("link", "no.such.parameter", "1", right), HasSubstr("no.such.parameter"));
  EXPECT_THAT(refused("link", "n.trees", "many", right), HasSubstr("n.trees"));
}

TEST(CInterface, RowsAreCountedFromFirstRow) {
  const ModelHandle model = open_golden("gbm_gaussian_cat_na");
  ArrowBatchForTests batch(1);
  batch.add("u", "Temp", {"", table::bytes_of<std::int32_t>({0, 4}), "warm"});
  for (const char* name : {"Solar.R", "Wind", "Month"}) batch.add_values<double>("g", name, {1});
  scoria_request request{};
  request.size = sizeof request;
  request.first_row = 65'537;
  ArrowSchema type{};
  ArrowArray out{};
  scoria_error* error = nullptr;
  scoria_model_score(model.get(), &request, batch.schema(), batch.array(), &type, &out, nullptr, &error);
  const ErrorHandle owned(error);
  EXPECT_THAT(scoria_error_message(error), HasSubstr("row 65537, column 'Temp'"));
}

TEST(CInterface, RowsOfATableWithoutThemGiveNone) {
  const ModelHandle model = open_golden("gbm_gaussian_cat_na");
  const Answer answer = score_table(model.get(), read_table(golden_file("gbm_gaussian_cat_na/input.csv")).slice(0, 0));
  EXPECT_EQ(answer.code, SCORIA_OK) << answer.message;
  EXPECT_EQ(answer.table.rows(), 0u);
}

TEST(CInterface, EveryCodeHasAName) {
  for (int code = SCORIA_OK; code <= SCORIA_BUG; ++code)
    EXPECT_STRNE(scoria_code_name(static_cast<scoria_code>(code)), "unknown");
}

}  // namespace
}  // namespace scoria::capi
