// A golden case of tests/golden through the C interface: its model, its rows as Arrow structures, R's answers.
// Threads: plain values and free functions.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/file.h"
#include "capi/scoria.h"
#include "table/arrow_c.h"
#include "table/csv.h"

namespace scoria::capi {

struct FreeModel {
  void operator()(scoria_model* model) const { scoria_model_free(model); }
};
struct FreeError {
  void operator()(scoria_error* error) const { scoria_error_free(error); }
};
using ModelHandle = std::unique_ptr<scoria_model, FreeModel>;
using ErrorHandle = std::unique_ptr<scoria_error, FreeError>;

inline std::string golden_file(const std::string& name) { return SCORIA_SOURCE_DIR "/tests/golden/" + name; }

inline table::Table read_table(const std::string& path) {
  const auto file = FileBytes::open(path);
  if (!file.ok()) throw std::runtime_error(file.error().message);
  auto read = table::read_csv(file.value().text(), {});
  if (!read.ok()) throw std::runtime_error(read.error().message);
  return std::move(read).value();
}

inline ModelHandle open_golden(const std::string& name, std::uint32_t threads = 0) {
  scoria_open_options options{};
  options.size = sizeof options;
  options.threads = threads;
  scoria_model* model = nullptr;
  scoria_error* error = nullptr;
  const scoria_code code = scoria_model_open_file(golden_file(name + "/model.rds").c_str(), &options, &model, &error);
  const ErrorHandle owned(error);
  EXPECT_EQ(code, SCORIA_OK) << scoria_error_message(error);
  return ModelHandle(model);
}

// What scoring gave: a table, or a code and a message.
struct Answer {
  scoria_code code = SCORIA_OK;
  std::string message;
  table::Table table;
};

// `parameter` is one name and its value, or both empty.
inline Answer score_arrow(const scoria_model* model, ArrowSchema* type, ArrowArray* rows, const std::string& asked = "",
                          const std::string& parameter = "", const std::string& value = "") {
  const char* const types[] = {asked.c_str()};
  const char* const names[] = {parameter.c_str()};
  const char* const values[] = {value.c_str()};
  scoria_request request{};
  request.size = sizeof request;
  request.types = types;
  request.type_count = asked.empty() ? 0 : 1;
  request.parameter_names = names;
  request.parameter_values = values;
  request.parameter_count = parameter.empty() ? 0 : 1;
  ArrowSchema out_type{};
  ArrowArray out{};
  scoria_error* error = nullptr;
  Answer answer;
  answer.code = scoria_model_score(model, &request, type, rows, &out_type, &out, nullptr, &error);
  const ErrorHandle owned(error);
  if (answer.code != SCORIA_OK) {
    EXPECT_EQ(out_type.release, nullptr);
    EXPECT_EQ(out.release, nullptr);
    answer.message = scoria_error_message(error);
    return answer;
  }
  auto imported = table::import_table(&out_type, &out);
  EXPECT_TRUE(imported.ok()) << imported.error().message;
  answer.table = std::move(imported).value();
  return answer;
}

inline Answer score_table(const scoria_model* model, const table::Table& rows, const std::string& asked = "",
                          const std::string& parameter = "", const std::string& value = "") {
  ArrowSchema type{};
  ArrowArray array{};
  table::export_table(rows, &type, &array);
  return score_arrow(model, &type, &array, asked, parameter, value);
}

}  // namespace scoria::capi
