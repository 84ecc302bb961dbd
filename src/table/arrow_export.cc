#include <memory>
#include <utility>

#include "table/arrow_c.h"

namespace scoria::table {
namespace {

// What an exported schema points into. A child that the consumer moved away is marked as released and stays so.
struct SchemaParts {
  std::string name;
  std::vector<OwnedSchema> owned;  // children, or one dictionary
  std::vector<ArrowSchema*> children;
};

// What an exported array points into.
struct ArrayParts {
  ColumnPtr column;  // shares its buffers
  std::vector<std::uint8_t> bits;
  std::vector<std::int64_t> offsets;
  std::string bytes;
  std::vector<const void*> buffers;
  std::vector<OwnedArray> owned;
  std::vector<ArrowArray*> children;
};

template <typename Structure, typename Parts>
void release(Structure* structure) {
  const std::unique_ptr<Parts> parts(static_cast<Parts*>(structure->private_data));
  structure->release = nullptr;
}

OwnedSchema make_schema(const char* format, std::string name, std::int64_t flags, std::vector<OwnedSchema> owned) {
  auto parts = std::make_unique<SchemaParts>(SchemaParts{std::move(name), std::move(owned), {}});
  OwnedSchema schema;
  schema.out()->format = format;
  schema.out()->name = parts->name.c_str();
  schema.out()->flags = flags;
  if (std::string_view(format) == "+s") {
    for (OwnedSchema& child : parts->owned) parts->children.push_back(child.out());
    schema.out()->n_children = static_cast<std::int64_t>(parts->children.size());
    schema.out()->children = parts->children.data();
  } else if (!parts->owned.empty()) {
    schema.out()->dictionary = parts->owned.front().out();
  }
  schema.out()->private_data = parts.release();
  schema.out()->release = release<ArrowSchema, SchemaParts>;
  return schema;
}

OwnedArray make_array(std::size_t length, std::size_t null_count, std::unique_ptr<ArrayParts> parts) {
  OwnedArray array;
  array.out()->length = static_cast<std::int64_t>(length);
  array.out()->null_count = static_cast<std::int64_t>(null_count);
  array.out()->n_buffers = static_cast<std::int64_t>(parts->buffers.size());
  array.out()->buffers = parts->buffers.data();
  if (!parts->children.empty()) {
    array.out()->n_children = static_cast<std::int64_t>(parts->children.size());
    array.out()->children = parts->children.data();
  } else if (!parts->owned.empty()) {
    array.out()->dictionary = parts->owned.front().out();
  }
  array.out()->private_data = parts.release();
  array.out()->release = release<ArrowArray, ArrayParts>;
  return array;
}

OwnedSchema column_schema(const Column& column, const std::string& name) {
  switch (column.type()) {
    case Type::logical: return make_schema("b", name, ARROW_FLAG_NULLABLE, {});
    case Type::integer: return make_schema("i", name, ARROW_FLAG_NULLABLE, {});
    case Type::real: return make_schema("g", name, ARROW_FLAG_NULLABLE, {});
    case Type::text: return make_schema("U", name, ARROW_FLAG_NULLABLE, {});
    case Type::factor: break;
  }
  std::vector<OwnedSchema> dictionary;
  dictionary.push_back(make_schema("U", "", 0, {}));
  const std::int64_t ordered = column.ordered() ? ARROW_FLAG_DICTIONARY_ORDERED : 0;
  return make_schema("i", name, ARROW_FLAG_NULLABLE | ordered, std::move(dictionary));
}

OwnedArray levels_array(const std::vector<std::string>& levels) {
  auto parts = std::make_unique<ArrayParts>();
  parts->offsets.push_back(0);
  for (const std::string& level : levels) {
    parts->bytes += level;
    parts->offsets.push_back(static_cast<std::int64_t>(parts->bytes.size()));
  }
  parts->buffers = {nullptr, parts->offsets.data(), parts->bytes.data()};
  return make_array(levels.size(), 0, std::move(parts));
}

OwnedArray column_array(const ColumnPtr& column) {
  auto parts = std::make_unique<ArrayParts>();
  parts->column = column;
  const Validity& validity = column->validity();
  const void* const bitmap = validity.all_valid() ? nullptr : validity.words().data();
  switch (column->type()) {
    case Type::real: parts->buffers = {bitmap, column->reals().data()}; break;
    case Type::integer: parts->buffers = {bitmap, column->integers().data()}; break;
    case Type::text: parts->buffers = {bitmap, column->text_offsets().data(), column->text_bytes().data()}; break;
    case Type::factor:
      parts->buffers = {bitmap, column->codes().data()};
      parts->owned.push_back(levels_array(column->levels()));
      break;
    case Type::logical:
      parts->bits.resize((column->size() + 7) / 8);
      for (std::size_t row = 0; row < column->size(); ++row) {
        parts->bits[row / 8] = static_cast<std::uint8_t>(parts->bits[row / 8] | column->logicals()[row] << (row % 8));
      }
      parts->buffers = {bitmap, parts->bits.data()};
      break;
  }
  return make_array(column->size(), validity.null_count(column->size()), std::move(parts));
}

}  // namespace

void export_table(const Table& table, ArrowSchema* schema, ArrowArray* array) {
  schema->release = nullptr;
  array->release = nullptr;
  std::vector<OwnedSchema> types;
  auto parts = std::make_unique<ArrayParts>();
  for (std::size_t i = 0; i < table.columns(); ++i) {
    types.push_back(column_schema(*table.column(i), table.names()[i]));
    parts->owned.push_back(column_array(table.column(i)));
  }
  for (OwnedArray& column : parts->owned) parts->children.push_back(column.out());
  parts->buffers = {nullptr};
  OwnedSchema type = make_schema("+s", "", 0, std::move(types));
  OwnedArray values = make_array(table.rows(), 0, std::move(parts));
  *schema = std::exchange(*type.out(), {});
  *array = std::exchange(*values.out(), {});
}

}  // namespace scoria::table
