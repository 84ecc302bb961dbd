// A small pack in memory for tests, and the models in it: sensors' of two forms, and one that is kept as its file.
// Threads: one test at a time.
#pragma once

#include <memory>
#include <string>

#include "model/loaders.h"
#include "pack/pack.h"

namespace scoria::pack {

inline constexpr int kModelsForTests = 8;

// StandardScaler, then OneClassSVM; of every third number LinearRegression. Its column is called "x0".
model::ModelPtr sensor_model_for_tests(int number);

class PackForTests {
 public:
  // By Device 0, 1 and Sensor 0 to 3; the last model has no ready form.
  PackForTests();

  std::string& bytes() { return bytes_; }
  const std::string& bytes() const { return bytes_; }
  // Makes all checksums fit the bytes, as they are.
  void sign();
  // A copy of the bytes, as "fleet.pack".
  Result<PackPtr> open() const;

 private:
  std::string bytes_;
};

}  // namespace scoria::pack
