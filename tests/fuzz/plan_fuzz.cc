// Any text as a plan: it is read, with and without settings that replace its parts, or refused by an Error that names the plan;
// what is read can be outlined. Nothing on disk is touched.
#include <cstdint>
#include <string>
#include <string_view>

#include "plan/explain.h"
#include "plan/plan.h"

namespace {

void check(std::string_view text, const std::vector<scoria::plan::Setting>& settings) {
  const auto plan = scoria::plan::parse_plan(text, "plan.yaml", settings);
  if (!plan.ok()) {
    SCORIA_CHECK(plan.error().message.starts_with("plan 'plan.yaml'") || plan.error().message.starts_with("--set "));
    return;
  }
  SCORIA_CHECK(!scoria::plan::outline_text(plan.value()).empty());
  SCORIA_CHECK(
      !plan.value().at("features.filter", {scoria::Code::invalid, "expression 'x', column 9: y"}).message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // A million values of a variable are allowed and slow: not what a fuzzer should spend its time on.
  for (std::size_t digits = 0, i = 0; i < text.size(); ++i) {
    digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
    if (digits > 4) return 0;
  }
  check(text, {});
  check(text, {{"features.filter", "x > 1"}, {"output", "[a"}});
  check(text, {{"models.1.column", "q{1"}});
  return 0;
}
