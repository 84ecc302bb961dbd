// Builds record batches of the Arrow C data interface by hand, right by default, and counts their releases.
// Threads: one. Ownership: buffers and children live as long as the builder; what it gives out points into it.
#pragma once

#include <cstdint>
#include <cstring>
#include <list>
#include <string>
#include <vector>

#include "table/arrow_abi.h"
#include "table/arrow_c.h"

namespace scoria::table {

// The bytes of some values, as a buffer.
template <typename Value>
std::string bytes_of(const std::vector<Value>& values) {
  std::string bytes(values.size() * sizeof(Value), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

class ArrowBatchForTests {
 public:
  struct Node {
    ArrowSchema schema{};
    ArrowArray array{};
    std::string format;
    std::string name;
    std::list<std::string> buffers;
    std::vector<const void*> pointers;
  };

  explicit ArrowBatchForTests(std::int64_t rows) {
    table_.schema.format = "+s";
    table_.array.length = rows;
    table_.pointers = {nullptr};
    table_.array.n_buffers = 1;
    table_.schema.private_data = this;
    table_.array.private_data = this;
    table_.schema.release = [](ArrowSchema* schema) {
      ++static_cast<ArrowBatchForTests*>(schema->private_data)->schema_releases;
      schema->release = nullptr;
    };
    table_.array.release = [](ArrowArray* array) {
      ++static_cast<ArrowBatchForTests*>(array->private_data)->array_releases;
      array->release = nullptr;
    };
  }
  ArrowBatchForTests(const ArrowBatchForTests&) = delete;
  ArrowBatchForTests& operator=(const ArrowBatchForTests&) = delete;

  // A column whose first buffer, the bitmap, is absent when it is empty. To be spoilt by the test through what it returns.
  Node& add(const std::string& format, const std::string& name, std::vector<std::string> buffers) {
    Node& node = make(format, name, std::move(buffers), table_.array.length);
    columns_.push_back(&node);
    return node;
  }

  // Makes `column` a dictionary of these entries.
  Node& add_dictionary(Node& column, const std::string& format, std::vector<std::string> buffers,
                       std::int64_t entries) {
    Node& node = make(format, "", std::move(buffers), entries);
    column.schema.dictionary = &node.schema;
    column.array.dictionary = &node.array;
    return node;
  }

  // A column of numbers without nulls.
  template <typename Value>
  Node& add_values(const std::string& format, const std::string& name, const std::vector<Value>& values) {
    return add(format, name, {"", bytes_of(values)});
  }

  ArrowSchema* schema() {
    finish();
    return &table_.schema;
  }
  ArrowArray* array() {
    finish();
    return &table_.array;
  }

  int schema_releases = 0;
  int array_releases = 0;

 private:
  Node& make(const std::string& format, const std::string& name, std::vector<std::string> buffers, std::int64_t rows) {
    Node& node = nodes_.emplace_back();
    node.format = format;
    node.name = name;
    node.schema.format = node.format.c_str();
    node.schema.name = node.name.c_str();
    node.schema.flags = ARROW_FLAG_NULLABLE;
    node.array.length = rows;
    node.array.null_count = -1;
    for (std::string& buffer : buffers) {
      node.buffers.push_back(std::move(buffer));
      const bool is_absent = node.buffers.size() == 1 && node.buffers.back().empty();
      node.pointers.push_back(is_absent ? nullptr : node.buffers.back().data());
    }
    node.array.n_buffers = static_cast<std::int64_t>(node.pointers.size());
    node.array.buffers = node.pointers.data();
    return node;
  }

  void finish() {
    schemas_.clear();
    arrays_.clear();
    for (Node* column : columns_) {
      schemas_.push_back(&column->schema);
      arrays_.push_back(&column->array);
    }
    table_.schema.n_children = static_cast<std::int64_t>(columns_.size());
    table_.array.n_children = table_.schema.n_children;
    table_.schema.children = schemas_.data();
    table_.array.children = arrays_.data();
    table_.array.buffers = table_.pointers.data();
  }

  Node table_;
  std::list<Node> nodes_;
  std::vector<Node*> columns_;
  std::vector<ArrowSchema*> schemas_;
  std::vector<ArrowArray*> arrays_;
};

// The message of the error that importing the batch ends with.
inline std::string refusal(ArrowBatchForTests& batch, const ArrowImportOptions& options = {}) {
  const auto table = import_table(batch.schema(), batch.array(), options);
  return table.ok() ? "accepted" : table.error().message;
}

}  // namespace scoria::table
