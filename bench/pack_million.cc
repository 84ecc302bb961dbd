// A million models of the sensors' shape in one pack: scored once each, with 60 values each, and in random order, on one core.
// usage: pack_million PACK [MODELS] [BATCHES]     PACK is made if it is not there; a run over 60 values takes BATCHES of MODELS / 50
// sensors (default 50: all of them)
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>

#include "model/kernel_machine/svm.h"
#include "model/pipeline/pipeline.h"
#include "model/preprocess/scaler.h"
#include "must.h"
#include "pack/writer.h"
#include "plan/model_set.h"

namespace {

using namespace scoria;

constexpr std::size_t kSensors = 1000;  // of a device
constexpr std::size_t kValues = 60;
constexpr std::size_t kParts = 50;

// StandardScaler, then OneClassSVM with a radial kernel and one or two support vectors: as the seed's fifteen.
model::ModelPtr sensor_model(std::size_t number) {
  std::mt19937_64 random(number + 1);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  const std::size_t vectors = 1 + random() % 2;
  model::kernel_machine::StoredMachine machine;
  machine.kernel = {.kind = model::kernel_machine::KernelKind::rbf, .gamma = 0.1};
  machine.dimensions = 1;
  for (std::size_t v = 0; v < vectors; ++v) {
    machine.vectors.push_back(2 * uniform(random) - 1);
    machine.coefficients.push_back(0.5 + uniform(random));
  }
  machine.rho = {0.4 + uniform(random)};
  model::pipeline::Step scale{.class_name = "StandardScaler", .inputs = {{.feature = {.name = "x0"}}}};
  model::preprocess::Scaling scaling{.subtract = {100 * uniform(random)}, .divide = {0.5 + 10 * uniform(random)}};
  scale.transformer = std::make_shared<model::preprocess::Scaler>(std::move(scaling), "StandardScaler");
  model::pipeline::Step answer{.class_name = "OneClassSVM", .inputs = {{.feature = {.name = "x0"}}}};
  answer.predictor = std::make_shared<model::kernel_machine::Svm>(
      std::move(machine),
      model::kernel_machine::SvmRules{.task = model::kernel_machine::SvmTask::one_class, .class_name = "OneClassSVM"});
  model::Description description;
  description.family = "OneClassSVM";
  description.title = "Pipeline(StandardScaler, OneClassSVM)";
  description.package = "scikit-learn";
  description.classes = {"sklearn.pipeline.Pipeline"};
  return std::make_shared<model::pipeline::Pipeline>(std::move(description),
                                                     std::vector<model::pipeline::Step>{scale, answer});
}

void make_pack(const std::string& path, std::size_t models) {
  auto writer = must(pack::PackWriter::create(path, {.keys = {"Device", "Sensor"}, .source = "bench/pack_million.cc"}));
  for (std::size_t i = 0; i < models; ++i) {
    const std::vector<std::string> key{std::to_string(i / kSensors), std::to_string(i % kSensors)};
    const pack::ModelSource source{.path = "model_" + key[0] + "_" + key[1], .class_name = "sensor", .writer = "bench"};
    must(writer.add(key, source, *sensor_model(i), {}));
  }
  must(writer.commit());
}

// Rows of these sensors, each `values` times: Device, Sensor, Value.
table::Table rows_of(const std::vector<std::uint32_t>& sensors, std::size_t values, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform(-20.0, 120.0);
  std::vector<std::int32_t> device;
  std::vector<std::int32_t> sensor;
  std::vector<double> value;
  for (const std::uint32_t one : sensors) {
    for (std::size_t i = 0; i < values; ++i) {
      device.push_back(static_cast<std::int32_t>(one / kSensors));
      sensor.push_back(static_cast<std::int32_t>(one % kSensors));
      value.push_back(uniform(random));
    }
  }
  table::Table rows(value.size());
  rows.add("Device", table::Column::integer(std::move(device)));
  rows.add("Sensor", table::Column::integer(std::move(sensor)));
  rows.add("Value", table::Column::real(std::move(value)));
  return rows;
}

class Bench {
 public:
  explicit Bench(const std::string& path) : set_(must(plan::open_model_set(path))) { options_.features = {"Value"}; }

  double seconds(const table::Table& rows, model::Prediction* answers = nullptr) {
    const auto start = std::chrono::steady_clock::now();
    auto prediction = must(set_->score(rows, request_, options_, tally_, executor_));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (answers != nullptr) *answers = std::move(prediction);
    return took.count();
  }

  // Every bit and flag of some sensors' rows is what the model itself gives.
  void check(std::size_t models) {
    std::mt19937_64 random(3);
    for (std::size_t i = 0; i < 500; ++i) {
      const auto sensor = static_cast<std::uint32_t>(random() % models);
      const table::Table rows = rows_of({sensor}, 1 + i % 70, random);
      model::Prediction packed;
      seconds(rows, &packed);
      table::Table values(rows.rows());
      values.add("x0", rows.find("Value"));
      const auto own = must(sensor_model(sensor)->score(values, request_, executor_));
      const bool same =
          std::ranges::equal(own.table.find("decision")->reals(), packed.table.find("decision")->reals()) &&
          std::ranges::equal(own.table.find("predict")->integers(), packed.table.find("predict")->integers());
      if (same) continue;
      std::fprintf(stderr, "pack_million: the pack gives other answers than the model of sensor %u\n", sensor);
      std::exit(1);
    }
  }

 private:
  std::unique_ptr<plan::ModelSet> set_;
  plan::SetOptions options_;
  plan::SetTally tally_;
  model::Request request_{.types = {"predict", "decision"}};
  InlineExecutor executor_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: pack_million PACK [MODELS] [BATCHES]\n");
    return 2;
  }
  const std::string path = argv[1];
  const std::size_t models = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1'000'000;
  const std::size_t batches = std::min(kParts, argc > 3 ? std::strtoul(argv[3], nullptr, 10) : kParts);
  double packing = 0;
  if (!std::filesystem::exists(path)) {
    const auto start = std::chrono::steady_clock::now();
    make_pack(path, models);
    packing = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  Bench bench(path);
  bench.check(models);
  std::mt19937_64 random(7);
  std::vector<std::uint32_t> all(models);
  for (std::size_t i = 0; i < models; ++i) all[i] = static_cast<std::uint32_t>(i);

  const table::Table once = rows_of(all, 1, random);
  bench.seconds(once);  // warm
  double in_order = 1e9;
  for (int i = 0; i < 5; ++i) in_order = std::min(in_order, bench.seconds(once));
  std::vector<std::uint32_t> shuffled = all;
  std::shuffle(shuffled.begin(), shuffled.end(), random);
  const table::Table mixed = rows_of(shuffled, 1, random);
  double any_order = 1e9;
  for (int i = 0; i < 5; ++i) any_order = std::min(any_order, bench.seconds(mixed));

  double adjacent = 0;
  double scattered = 0;
  const std::size_t part = models / kParts;
  for (std::size_t batch = 0; batch < batches; ++batch) {
    const std::vector<std::uint32_t> some(shuffled.begin() + static_cast<std::ptrdiff_t>(batch * part),
                                          shuffled.begin() + static_cast<std::ptrdiff_t>((batch + 1) * part));
    adjacent += bench.seconds(rows_of(some, kValues, random));
    std::vector<std::uint32_t> anywhere(part * kValues);
    for (std::uint32_t& one : anywhere) one = static_cast<std::uint32_t>(random() % models);
    scattered += bench.seconds(rows_of(anywhere, 1, random));
  }
  const double scale = static_cast<double>(kParts) / static_cast<double>(batches);
  std::printf(
      "{\"models\": %zu, \"bytes\": %ju, \"packing\": %.2f, \"once\": %.4f, \"once_any_order\": %.4f, "
      "\"sixty_adjacent\": %.3f, \"sixty_any_order\": %.3f}\n",
      models, static_cast<std::uintmax_t>(std::filesystem::file_size(path)), packing, in_order, any_order,
      adjacent * scale, scattered * scale);
  return 0;
}
