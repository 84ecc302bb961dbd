// Builds R objects in memory, right or wrong ones, as the reader would have read them. Test programs only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rdata/value.h"

namespace scoria::model {

// Owns what it makes; values live as long as it.
class RValues {
 public:
  using ValuePtr = const rdata::Value*;
  using Slots = std::vector<std::pair<std::string, ValuePtr>>;

  ValuePtr null() { return &make(rdata::Kind::null); }
  ValuePtr real(std::vector<double> values) {
    rdata::Value& value = make(rdata::Kind::real);
    value.reals = reals_.emplace_back(std::move(values));
    return &value;
  }
  ValuePtr integer(std::vector<std::int32_t> values) {
    rdata::Value& value = make(rdata::Kind::integer);
    value.integers = integers_.emplace_back(std::move(values));
    return &value;
  }
  ValuePtr character(const std::vector<std::string>& values) {
    rdata::Value& value = make(rdata::Kind::character);
    std::vector<rdata::Text>& texts = texts_.emplace_back();
    for (const std::string& text : values) {
      texts.push_back({strings_.emplace_back(text), rdata::Encoding::utf8, false});
    }
    value.texts = texts;
    return &value;
  }
  ValuePtr logical(std::vector<std::int32_t> values) {
    rdata::Value& value = make(rdata::Kind::logical);
    value.integers = integers_.emplace_back(std::move(values));
    return &value;
  }
  ValuePtr symbol(const std::string& name) {
    rdata::Value& value = make(rdata::Kind::symbol);
    value.name = strings_.emplace_back(name);
    return &value;
  }
  // A call by name; `names` are those of the arguments, as many as there are or none.
  ValuePtr call(const std::string& function, const std::vector<ValuePtr>& args,
                const std::vector<std::string>& names = {}) {
    rdata::Value& value = make(rdata::Kind::language);
    std::vector<rdata::Named>& cells = named_.emplace_back();
    cells.push_back({"", symbol(function)});
    for (std::size_t i = 0; i < args.size(); ++i)
      cells.push_back({i < names.size() ? std::string_view(strings_.emplace_back(names[i])) : "", args[i]});
    value.cells = cells;
    return &value;
  }
  ValuePtr list(std::vector<ValuePtr> items) {
    rdata::Value& value = make(rdata::Kind::list);
    value.items = items_.emplace_back(std::move(items));
    return &value;
  }
  // A named list, of an S3 class where one is given.
  ValuePtr object(const Slots& slots, const std::vector<std::string>& classes = {}) {
    std::vector<std::string> names;
    std::vector<ValuePtr> items;
    for (const auto& [name, value] : slots) {
      names.push_back(name);
      items.push_back(value);
    }
    std::vector<std::pair<std::string, ValuePtr>> attributes{{"names", character(names)}};
    if (!classes.empty()) attributes.emplace_back("class", character(classes));
    return with(list(std::move(items)), attributes);
  }
  // A copy with attributes.
  ValuePtr with(ValuePtr value, const Slots& attributes) {
    rdata::Value& copy = values_.emplace_back(*value);
    std::vector<rdata::Named>& named = named_.emplace_back();
    for (const auto& [name, attribute] : attributes) named.push_back({strings_.emplace_back(name), attribute});
    copy.attributes = named;
    copy.is_object = copy.attribute("class") != nullptr;
    return &copy;
  }

 private:
  rdata::Value& make(rdata::Kind kind) {
    rdata::Value& value = values_.emplace_back();
    value.kind = kind;
    return value;
  }

  std::deque<rdata::Value> values_;
  std::deque<std::vector<double>> reals_;
  std::deque<std::vector<std::int32_t>> integers_;
  std::deque<std::vector<rdata::Text>> texts_;
  std::deque<std::vector<RValues::ValuePtr>> items_;
  std::deque<std::vector<rdata::Named>> named_;
  std::deque<std::string> strings_;
};

// Slots by name, so that a test changes the one it is about.
class RSlots {
 public:
  RSlots& set(const std::string& slot, RValues::ValuePtr value) {
    values_[slot] = value;
    return *this;
  }
  RSlots& drop(const std::string& slot) {
    values_.erase(slot);
    return *this;
  }
  RValues::ValuePtr object(RValues& values, const std::vector<std::string>& classes = {}) const {
    return values.object({values_.begin(), values_.end()}, classes);
  }

 private:
  std::map<std::string, RValues::ValuePtr> values_;
};

}  // namespace scoria::model
