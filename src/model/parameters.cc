#include "model/parameters.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "model/features.h"

namespace scoria::model {
namespace {

Error wrong_value(std::string_view name, std::string_view value, const std::string& allowed) {
  return Error{Code::invalid, "parameter '" + std::string(name) + "': '" + std::string(value) + "' is not " + allowed};
}

}  // namespace

Result<std::vector<std::string>> requested_types(const Description& description, const Request& request) {
  for (const auto& [name, value] : request.parameters) {
    std::vector<std::string> known;
    for (const Parameter& parameter : description.parameters) known.push_back(parameter.name);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Error{Code::invalid, "parameter '" + name + "' is not one of this " + description.family +
                                      " model; it takes " + listed(known)};
    }
  }
  if (request.types.empty()) return std::vector<std::string>{description.types.front()};
  for (const std::string& type : request.types) {
    if (std::find(description.types.begin(), description.types.end(), type) == description.types.end()) {
      return Error{Code::invalid, "prediction type '" + type + "' is not one of this " + description.family +
                                      " model; it has " + listed(description.types)};
    }
  }
  const std::set<std::string_view> distinct(request.types.begin(), request.types.end());
  if (distinct.size() != request.types.size()) return Error{Code::invalid, "a prediction type is asked for twice"};
  return request.types;
}

std::vector<std::string> parameter_values(const Request& request, std::string_view name) {
  std::vector<std::string> values;
  const auto found = request.parameters.find(name);
  if (found == request.parameters.end()) return values;
  const std::string& text = found->second;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string value = text.substr(begin, end - begin);
    value.erase(0, value.find_first_not_of(' '));
    value.erase(value.find_last_not_of(' ') + 1);
    values.push_back(std::move(value));
    begin = end + 1;
  }
  return values;
}

Result<bool> flag_parameter(const Request& request, std::string_view name, bool otherwise) {
  const auto found = request.parameters.find(name);
  if (found == request.parameters.end()) return otherwise;
  const std::string& value = found->second;
  if (value == "TRUE" || value == "true" || value == "True" || value == "T") return true;
  if (value == "FALSE" || value == "false" || value == "False" || value == "F") return false;
  return wrong_value(name, value, "TRUE or FALSE");
}

Result<std::vector<std::int64_t>> count_parameter(const Request& request, std::string_view name, std::int64_t least) {
  std::vector<std::int64_t> counts;
  for (const std::string& value : parameter_values(request, name)) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (error != std::errc{} || end != value.data() + value.size() || count < least) {
      return wrong_value(name, value, "a whole number of at least " + std::to_string(least));
    }
    counts.push_back(count);
  }
  return counts;
}

Result<std::vector<double>> number_parameter(const Request& request, std::string_view name) {
  std::vector<double> numbers;
  for (const std::string& value : parameter_values(request, name)) {
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size()) return wrong_value(name, value, "a number");
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace scoria::model
