#include "pack/pack_for_tests.h"

#include <cstring>

#include "base/checksum.h"
#include "base/file.h"
#include "model/kernel_machine/svm.h"
#include "model/linear/linear_predictor.h"
#include "model/pipeline/pipeline.h"
#include "model/preprocess/scaler.h"
#include "pack/writer.h"

namespace scoria::pack {
namespace {

using model::pipeline::Pipeline;
using model::pipeline::Step;

// Of no class that has a ready form.
class OtherModel final : public model::Model {
 public:
  Result<model::Prediction> score(const table::Table& rows, const model::Request&, Executor&) const override {
    return model::Prediction{table::Table(rows.rows()), {}};
  }
};

}  // namespace

model::ModelPtr sensor_model_for_tests(int number) {
  const auto step = [](const char* name) { return Step{.class_name = name, .inputs = {{.feature = {.name = "x0"}}}}; };
  Step scale = step("StandardScaler");
  model::preprocess::Scaling scaling{.subtract = {10.0 + number}, .divide = {2.5}};
  scale.transformer = std::make_shared<model::preprocess::Scaler>(std::move(scaling), "StandardScaler");
  Step answer = step(number % 3 == 2 ? "LinearRegression" : "OneClassSVM");
  if (number % 3 == 2) {
    model::linear::Affine sums{.inputs = 1, .outputs = 1, .weights = {0.5 * number}, .shifts = {1}};
    answer.predictor = std::make_shared<model::linear::LinearRegressor>(
        std::move(sums), model::linear::Inverse::identity, "LinearRegression");
  } else {
    model::kernel_machine::StoredMachine machine{.kernel = {.gamma = 0.1}, .dimensions = 1};
    machine.vectors = {0.25, -1.5};
    machine.coefficients = {0.75, 0.5 + number};
    machine.rho = {0.8};
    answer.predictor = std::make_shared<model::kernel_machine::Svm>(
        std::move(machine), model::kernel_machine::SvmRules{.task = model::kernel_machine::SvmTask::one_class,
                                                            .class_name = "OneClassSVM"});
  }
  model::Description description;
  description.family = answer.class_name;
  description.package = "scikit-learn";
  return std::make_shared<Pipeline>(std::move(description), std::vector<Step>{scale, answer});
}

PackForTests::PackForTests() {
  const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                     ("scoria_fleet_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
  PackWriter writer = PackWriter::create(path, {.keys = {"Device", "Sensor"}, .source = "a test"}).value();
  const std::string file = "the bytes of a model's file";
  for (int i = 0; i < kModelsForTests; ++i) {
    const std::vector<std::string> key{std::to_string(i / 4), std::to_string(i % 4)};
    const ModelSource source{.path = "model_" + std::to_string(i), .bytes = file.size(), .class_name = "sensor"};
    const bool is_last = i + 1 == kModelsForTests;
    const OtherModel other;
    const model::ModelPtr ready = sensor_model_for_tests(i);
    const Status added = writer.add(key, source, is_last ? other : *ready, std::as_bytes(std::span(file)));
    SCORIA_CHECK(added.ok());
  }
  SCORIA_CHECK(writer.commit().ok());
  bytes_ = FileBytes::open(path).value().text();
  std::filesystem::remove(path);
}

void PackForTests::sign() {
  Tail tail;
  std::memcpy(&tail, bytes_.data() + bytes_.size() - sizeof tail, sizeof tail);
  const auto all = std::as_bytes(std::span(bytes_));
  for (std::uint64_t block = 0; block * kBlockBytes < tail.checksums.offset; ++block) {
    const std::uint64_t begin = block * kBlockBytes;
    const std::uint32_t sum =
        crc32(all.subspan(begin, std::min<std::uint64_t>(kBlockBytes, tail.checksums.offset - begin)));
    std::memcpy(bytes_.data() + tail.checksums.offset + block * sizeof sum, &sum, sizeof sum);
  }
  tail.checksums_crc = crc32(all.subspan(tail.checksums.offset, tail.checksums.bytes));
  tail.tail_crc = 0;
  tail.tail_crc = crc32(std::as_bytes(std::span(&tail, 1)));
  std::memcpy(bytes_.data() + bytes_.size() - sizeof tail, &tail, sizeof tail);
}

Result<PackPtr> PackForTests::open() const {
  // Words are aligned as a mapped file is.
  auto words = std::make_shared<std::vector<std::uint64_t>>(bytes_.size() / sizeof(std::uint64_t) + 1);
  std::memcpy(words->data(), bytes_.data(), bytes_.size());
  const auto bytes = std::as_bytes(std::span(*words)).first(bytes_.size());
  return Pack::over(bytes, "fleet.pack", words);
}

}  // namespace scoria::pack
