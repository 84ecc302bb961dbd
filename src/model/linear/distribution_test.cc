// Links and distributions against what R says (tests/data/linear/make.R).
#include "model/linear/distribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/file.h"
#include "base/na.h"
#include "model/linear/links.h"
#include "model/r_value_for_tests.h"
#include "table/csv.h"

namespace scoria::model::linear {
namespace {

using testing::HasSubstr;

table::Table read_data(const char* name) {
  const auto file = FileBytes::open(std::string(SCORIA_SOURCE_DIR "/tests/data/linear/") + name);
  EXPECT_TRUE(file.ok());
  table::CsvOptions options{.source_name = name};
  for (const char* column : {"lambda", "eta", "inverse", "derivative", "x", "parameter", "value"}) {
    options.types[column] = table::Type::real;
  }
  auto table = table::read_csv(file.value().text(), options);
  EXPECT_TRUE(table.ok()) << table.error().message;
  return std::move(table).value();
}

// Infinite where only one of the two is a number.
double relative_difference(double ours, double theirs) {
  if (std::isnan(ours) && std::isnan(theirs)) return 0;
  if (ours == theirs) return 0;
  const double difference = std::fabs(ours - theirs) / std::max(std::fabs(theirs), 1e-300);
  return std::isnan(difference) ? HUGE_VAL : difference;
}

class Families {
 public:
  Result<Link> link(const std::string& name, double lambda) {
    RSlots family;
    family.set("link", values_.character({name}));
    if (lambda != 0) family.set("linkinv", function_with({{"lambda", values_.real({lambda})}}));
    return Link::parse(*family.object(values_));
  }
  RValues::ValuePtr function_with(const RValues::Slots& variables) {
    rdata::Value& environment = others_.emplace_back();
    environment.kind = rdata::Kind::environment;
    std::vector<rdata::Named>& cells = cells_.emplace_back();
    for (const auto& [name, value] : variables) cells.push_back({names_.emplace_back(name), value});
    environment.cells = cells;
    rdata::Value& closure = others_.emplace_back();
    closure.kind = rdata::Kind::closure;
    closure.environment = &environment;
    return &closure;
  }

 private:
  RValues values_;
  std::deque<rdata::Value> others_;
  std::deque<std::vector<rdata::Named>> cells_;
  std::deque<std::string> names_;
};

TEST(Distributions, AgreeWithRTailsIncluded) {
  const table::Table data = read_data("distributions.csv");
  std::map<std::string, double> worst;
  for (std::size_t row = 0; row < data.rows(); ++row) {
    const std::string name(data.find("name")->text_at(row));
    const double x = data.find("x")->reals()[row];
    const double parameter = data.find("parameter")->reals()[row];
    const double ours = name == "pnorm"     ? pnorm(x)
                        : name == "dnorm"   ? dnorm(x)
                        : name == "pcauchy" ? pcauchy(x)
                        : name == "dcauchy" ? dcauchy(x)
                                            : qt(x, parameter);
    const double theirs = data.find("value")->reals()[row];
    const double differs = relative_difference(ours, theirs);
    EXPECT_LE(differs, 1e-13) << name << "(" << x << ", " << parameter << ") is " << ours << ", R says " << theirs;
    worst[name] = std::max(worst[name], differs);
  }
  for (const auto& [name, differs] : worst)
    std::printf("  %s: worst relative difference %.2g\n", name.c_str(), differs);
  EXPECT_EQ(worst.size(), 5u);
}

TEST(Distributions, KeepNaApartFromNaN) {
  EXPECT_TRUE(is_na(pnorm(na_real())));
  EXPECT_FALSE(is_na(pnorm(std::nan(""))));
}

TEST(Links, AgreeWithRUpToTheirLimits) {
  const table::Table data = read_data("links.csv");
  Families families;
  double worst = 0;
  for (std::size_t row = 0; row < data.rows(); ++row) {
    const std::string name(data.find("link")->text_at(row));
    const double eta = data.find("eta")->reals()[row];
    const auto link = families.link(name, data.find("lambda")->reals()[row]);
    ASSERT_TRUE(link.ok()) << link.error().message;
    double mu = eta;
    link.value().inverse(std::span(&mu, 1));
    for (const auto& [what, ours] : {std::pair("inverse", mu), std::pair("derivative", link.value().derivative(eta))}) {
      const double theirs = data.find(what)->reals()[row];
      const double differs = relative_difference(ours, theirs);
      EXPECT_LE(differs, 1e-13) << name << " " << what << "(" << eta << ") is " << ours << ", R says " << theirs;
      worst = std::max(worst, differs);
    }
  }
  std::printf("  worst relative difference %.2g\n", worst);
}

TEST(Links, KeepNaApartFromNaN) {
  Families families;
  for (const char* name : {"logit", "probit", "cauchit", "cloglog", "log", "inverse", "1/mu^2"}) {
    double values[] = {na_real(), std::nan("")};
    const auto link = families.link(name, 0);
    link.value().inverse(values);
    EXPECT_TRUE(is_na(values[0])) << name;
    EXPECT_TRUE(std::isnan(values[1]) && !is_na(values[1])) << name;
  }
}

TEST(Links, AreRefusedByNameWhereTheNameDefinesNoFormula) {
  Families families;
  const auto link = families.link("logexp(3)", 0);
  ASSERT_FALSE(link.ok());
  EXPECT_EQ(link.error().code, Code::unsupported);
  EXPECT_THAT(link.error().message, HasSubstr("'logexp(3)'"));
  EXPECT_FALSE(families.link("mu^", 0).ok());
  EXPECT_FALSE(families.link("mu^0", 0).ok());
  EXPECT_FALSE(families.link("mu^nan", 0).ok());
}

TEST(Links, TakeAPowerFromItsNameUnlessThatWasRounded) {
  Families families;
  EXPECT_TRUE(families.link("mu^0.25", 0.25).ok());
  EXPECT_TRUE(families.link("mu^-2", 0).ok());
  const auto rounded = families.link("mu^0.333", 0);
  ASSERT_FALSE(rounded.ok());
  EXPECT_THAT(rounded.error().message, HasSubstr("rounded"));
}

TEST(Links, DoNotBelieveAnEnvironmentWhoseNumberIsNotTheNames) {
  Families families;
  const auto link = families.link("mu^2", 5);
  ASSERT_TRUE(link.ok());
  double mu = 16;
  link.value().inverse(std::span(&mu, 1));
  EXPECT_EQ(mu, 4);
}

}  // namespace
}  // namespace scoria::model::linear
