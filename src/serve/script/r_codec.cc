#include <algorithm>
#include <span>
#include <vector>

#include "base/na.h"
#include "rdata/reader.h"
#include "serve/script/codec.h"
#include "serve/script/r_stream.h"

// service.R's bytes, from beside this file.
asm(".section .rodata\n.global kServiceRBegin\nkServiceRBegin:\n.incbin \"" SCRIPT_SOURCE
    "/service.R\"\n.global kServiceREnd\nkServiceREnd:\n.byte 0\n.previous\n");
extern "C" {
extern const char kServiceRBegin[], kServiceREnd[];
}

namespace scoria::serve::script {
namespace {

using rdata::Kind;
using rdata::Value;

constexpr std::size_t kMostColumns = 10'000;

Result<rdata::Document> read(std::string_view payload) {
  // Data is nested a few levels deep; what is not is no answer.
  return rdata::read(std::as_bytes(std::span(payload)), {.max_depth = 64});
}

std::string joined(const Value* texts, std::string_view between) {
  std::string all;
  if (texts == nullptr) return all;
  for (const auto& one : rdata::strings(*texts)) all += (all.empty() ? "" : std::string(between)) + one;
  return all;
}

void note_output(const Value& outcome, Said& said) {
  said.output = joined(rdata::member(outcome, "output"), "\n");
  if (const std::string warnings = joined(rdata::member(outcome, "warnings"), "\nWarning: "); !warnings.empty())
    said.output += (said.output.empty() || said.output.ends_with('\n') ? "Warning: " : "\nWarning: ") + warnings;
}

Result<table::ColumnPtr> column_of(const Value& value) {
  switch (value.kind) {
    case Kind::real: return table::Column::real({value.reals.begin(), value.reals.end()});
    case Kind::integer: return table::Column::integer({value.integers.begin(), value.integers.end()});
    case Kind::logical: {
      std::vector<std::uint8_t> values(value.integers.size());
      table::Validity validity;
      for (std::size_t row = 0; row < values.size(); ++row) {
        values[row] = value.integers[row] == 1 ? 1 : 0;
        if (value.integers[row] != kNaInt) continue;
        if (validity.all_valid()) validity = table::Validity(values.size());
        validity.set_null(row);
      }
      return table::Column::logical(std::move(values), std::move(validity));
    }
    case Kind::character: {
      std::vector<std::string> values;
      values.reserve(value.texts.size());
      table::Validity validity;
      for (const auto& text : value.texts) {
        if (text.is_na && validity.all_valid()) validity = table::Validity(value.texts.size());
        if (text.is_na) validity.set_null(values.size());
        values.push_back(text.is_na ? "" : rdata::utf8(text));
      }
      return table::Column::text(std::span<const std::string>(values), std::move(validity));
    }
    default:
      return Error{Code::unsupported, "the function's answer has a " + std::string(rdata::kind_name(value.kind))};
  }
}

Result<Answer> rows_of(const Value& value) {
  if (value.kind != Kind::list || value.items.empty() || value.items.size() > kMostColumns)
    return Error{Code::corrupt, "the function answered no columns, or more than " + std::to_string(kMostColumns)};
  const Value* names = value.attribute("names");
  const auto texts = names != nullptr ? rdata::strings(*names) : std::vector<std::string>{};
  table::Table table(value.items[0]->size());
  table.reserve(value.items.size());
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    SCORIA_TRY(column, column_of(*value.items[i]));
    if (column->size() != table.rows())
      return Error{Code::corrupt, "the function answered columns of different lengths"};
    std::string name = i < texts.size() && !texts[i].empty() ? texts[i] : value.items.size() == 1 ? "value" : "";
    table.add(name.empty() ? "V" + std::to_string(i + 1) : std::move(name), std::move(column));
  }
  return Answer(std::move(table));
}

Result<Answer> reply_of(const Value& value) {
  const Value *status = rdata::member(value, "status"), *headers = rdata::member(value, "headers"),
              *body = rdata::member(value, "body");
  if (status == nullptr || status->kind != Kind::integer || status->integers.size() != 1 || headers == nullptr ||
      body == nullptr || body->kind != Kind::raw)
    return Error{Code::corrupt, "the worker's answer has no status, headers or body"};
  net::HttpReply reply;
  reply.status = status->integers[0];
  if (reply.status < 200 || reply.status > 599)
    return Error{Code::corrupt, "the script answered with status " + std::to_string(reply.status)};
  const Value* names = headers->attribute("names");
  const auto keys = names != nullptr ? rdata::strings(*names) : std::vector<std::string>{};
  const auto values = rdata::strings(*headers);
  if (keys.size() != values.size()) return Error{Code::corrupt, "the worker's answer has headers without names"};
  const auto is_clean = [](const std::string& text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  };
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].empty() || !is_clean(keys[i]) || !is_clean(values[i]))
      return Error{Code::corrupt, "the script answered with a header that has a line break, or no name"};
    reply.headers.emplace_back(keys[i], values[i]);
  }
  reply.body.assign(reinterpret_cast<const char*>(body->bytes.data()), body->bytes.size());
  return Answer(std::move(reply));
}

class RCodec final : public Codec {
 public:
  std::string encode_start(const ScriptPlan& plan) const override {
    RStream stream;
    stream.begin_list(2);
    stream.text({kServiceRBegin, static_cast<std::size_t>(kServiceREnd - kServiceRBegin)});
    stream.begin_list(4);
    stream.text(name_of(plan.form));
    stream.text(plan.script);
    stream.text(plan.model);
    stream.text(plan.function);
    constexpr std::string_view kOptions[]{"form", "script", "model", "function"};
    stream.end_list(kOptions);
    constexpr std::string_view kNames[]{"source", "options"};
    stream.end_list(kNames);
    return stream.take();
  }

  std::string encode(const Question& question) const override {
    RStream stream;
    if (const auto* table = std::get_if<table::Table>(&question)) {
      stream.frame(*table);
      return stream.take();
    }
    const auto& request = std::get<WholeRequest>(question);
    stream.begin_list(7);
    stream.text(request.method);
    stream.text(request.path);
    stream.text(request.query);
    stream.named_texts(request.headers);
    stream.raw(request.body);
    stream.text(request.peer);
    stream.flag(request.is_tls);
    constexpr std::string_view kNames[]{"method", "path", "query", "headers", "body", "peer", "tls"};
    stream.end_list(kNames);
    return stream.take();
  }

  Result<Answer> decode(std::string_view payload, bool is_rows, Said& said) const override {
    SCORIA_TRY(document, read(payload));
    note_output(document.root(), said);
    const Value* value = rdata::member(document.root(), "value");
    if (value == nullptr) return Error{Code::corrupt, "the worker's answer has no value"};
    return is_rows ? rows_of(*value) : reply_of(*value);
  }

  Said decode_failure(std::string_view payload) const override {
    const auto document = read(payload);
    if (!document.ok())
      return {.message = "the worker failed, and its reason cannot be read: " + document.error().message};
    Said said;
    said.message = joined(rdata::member(document.value().root(), "message"), "\n");
    said.calls = joined(rdata::member(document.value().root(), "calls"), "\n");
    note_output(document.value().root(), said);
    return said;
  }
};

}  // namespace

std::unique_ptr<Codec> make_r_codec() { return std::make_unique<RCodec>(); }

}  // namespace scoria::serve::script
