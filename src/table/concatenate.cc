#include "table/concatenate.h"

#include "base/result.h"

namespace scoria::table {
namespace {

Validity join_validity(std::span<const ColumnPtr> parts) {
  std::size_t rows = 0;
  bool all_valid = true;
  for (const ColumnPtr& part : parts) {
    rows += part->size();
    all_valid = all_valid && part->validity().all_valid();
  }
  if (all_valid) return {};
  Validity validity(rows);
  std::size_t begin = 0;
  for (const ColumnPtr& part : parts) {
    for (std::size_t row = 0; row < part->size(); ++row) {
      if (part->is_null(row)) validity.set_null(begin + row);
    }
    begin += part->size();
  }
  return validity;
}

template <typename T, typename Values>
std::vector<T> join(std::span<const ColumnPtr> parts, Values values) {
  std::vector<T> joined;
  for (const ColumnPtr& part : parts) {
    const std::span<const T> more = values(*part);
    joined.insert(joined.end(), more.begin(), more.end());
  }
  return joined;
}

ColumnPtr join_text(std::span<const ColumnPtr> parts) {
  std::vector<std::int64_t> offsets{0};
  std::string bytes;
  for (const ColumnPtr& part : parts) {
    const auto begin = static_cast<std::int64_t>(bytes.size());
    for (const std::int64_t offset : part->text_offsets().subspan(1)) offsets.push_back(begin + offset);
    bytes += part->text_bytes();
  }
  return Column::text(std::move(offsets), std::move(bytes), join_validity(parts));
}

}  // namespace

ColumnPtr concatenate(std::span<const ColumnPtr> parts) {
  SCORIA_CHECK(!parts.empty());
  const Column& first = *parts.front();
  if (parts.size() == 1) return parts.front();
  for (const ColumnPtr& part : parts) SCORIA_CHECK(part->type() == first.type());
  switch (first.type()) {
    case Type::real:
      return Column::real(join<double>(parts, [](const Column& c) { return c.reals(); }), join_validity(parts));
    case Type::integer:
      return Column::integer(join<std::int32_t>(parts, [](const Column& c) { return c.integers(); }),
                             join_validity(parts));
    case Type::logical:
      return Column::logical(join<std::uint8_t>(parts, [](const Column& c) { return c.logicals(); }),
                             join_validity(parts));
    case Type::text: return join_text(parts);
    case Type::factor: {
      for (const ColumnPtr& part : parts) SCORIA_CHECK(part->levels() == first.levels());
      auto levels = std::make_shared<const std::vector<std::string>>(first.levels());
      return Column::factor(join<std::int32_t>(parts, [](const Column& c) { return c.codes(); }), std::move(levels),
                            first.ordered(), join_validity(parts));
    }
  }
  return parts.front();
}

}  // namespace scoria::table
