#include "cli/inspect_pack.h"

#include <nlohmann/json.hpp>

#include "cli/numbers.h"
#include "model/description_json.h"
#include "model/features.h"
#include "pack/key.h"
#include "pack/pack.h"
#include "plan/pack_models.h"
#include "plan/pack_set.h"

namespace scoria::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::string feature_line(const model::Description& description) {
  std::vector<std::string> names;
  for (const model::Feature& feature : description.features) names.push_back(feature.name);
  return std::to_string(names.size()) + ": " + model::listed(names) +
         (description.by_position ? " (by position: the files keep no names)" : "");
}

std::string listed_types(const model::Description& description) {
  std::string text;
  for (const std::string& type : description.types) text += (text.empty() ? "" : ", ") + type;
  return text;
}

Result<std::optional<pack::Record>> first_record(const pack::Pack& pack) {
  for (std::uint64_t slot = 0; slot < pack.slots(); ++slot) {
    SCORIA_TRY(record, pack.in_slot(slot));
    if (record) return record;
  }
  return std::optional<pack::Record>();
}

Json contents_json(const pack::Pack& pack, const model::Description* first) {
  const pack::Contents& contents = pack.contents();
  Json json{{"file", pack.name()},       {"format", "pack"},          {"bytes", pack.bytes()},
            {"models", pack.models()},   {"keys", contents.keys},     {"source", contents.source},
            {"packed", contents.packed}, {"scoria", contents.scoria}, {"command", contents.command},
            {"forms", Json::object()},   {"classes", Json::array()},  {"schemas", contents.schemas.size()}};
  for (const pack::Form form : {pack::Form::kernel_machine, pack::Form::linear, pack::Form::source}) {
    json["forms"][std::string(pack::form_name(form))] = contents.forms[static_cast<std::size_t>(form)];
  }
  for (const pack::ModelClass& one : contents.classes) {
    json["classes"].push_back({{"class", one.name}, {"writer", one.writer}, {"models", one.models}});
  }
  if (first != nullptr) json["first"] = model::description_json(*first);
  return json;
}

std::string contents_text(const pack::Pack& pack, const model::Description* first) {
  const pack::Contents& contents = pack.contents();
  std::string keys;
  for (const std::string& key : contents.keys) keys += (keys.empty() ? "" : ", ") + key;
  std::string text =
      "pack of " + with_commas(pack.models()) + (pack.models() == 1 ? " model by " : " models by ") + keys + "\n\n";
  text += line("file", pack.name() + " (" + std::to_string(pack.bytes()) + " bytes, every block as it was written)");
  text += line("made of", contents.source);
  text += line("packed", contents.packed + " by scoria " + contents.scoria);
  text += line("command", contents.command);
  for (const pack::Form form : {pack::Form::kernel_machine, pack::Form::linear, pack::Form::source}) {
    const std::uint64_t count = contents.forms[static_cast<std::size_t>(form)];
    if (count > 0) text += line("form", std::string(pack::form_name(form)) + ": " + with_commas(count));
  }
  for (const pack::ModelClass& one : contents.classes) {
    text += line("models", with_commas(one.models) + " of " + one.name +
                               (one.writer.empty() ? "" : ", written by " + one.writer));
  }
  if (first == nullptr) return text;
  text += line("features", feature_line(*first));
  text += line("types", listed_types(*first) + " (the first is the default)");
  if (pack.contents().schemas.size() > 1) text += line("", "features and types of one of them; others differ");
  return text + "\n'scoria inspect " + pack.name() + " --key " + keys + "' with values shows one model\n";
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t comma = text.find(','); comma != std::string::npos; comma = text.find(',', begin)) {
    parts.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

Result<pack::Record> find_record(const pack::Pack& pack, const std::string& key) {
  const std::vector<std::string> parts = split(key);
  const std::vector<std::string>& columns = pack.contents().keys;
  if (parts.size() != columns.size()) {
    return Error{Code::invalid, "--key '" + key + "' has " + std::to_string(parts.size()) + " values, must have " +
                                    std::to_string(columns.size()) + ": " + model::listed(columns)};
  }
  for (const std::string& part : parts) {
    if (part.size() > pack::kMostPartBytes) return Error{Code::invalid, "--key is longer than any key"};
  }
  const std::string bytes = pack::key_bytes(parts);
  const std::string_view looked_up = bytes;
  pack::Found found;
  SCORIA_TRY_STATUS(pack.find({&looked_up, 1}, {&found, 1}));
  if (found.place == 0) return Error{Code::not_found, "the pack '" + pack.name() + "' has no model for " + key};
  return pack.record(found.place);
}

Result<std::string> inspect_model(const pack::Pack& pack, plan::PackModels& models, const std::string& key,
                                  bool as_json) {
  SCORIA_TRY(record, find_record(pack, key));
  SCORIA_TRY(origin, pack.origin(record));
  SCORIA_TRY(model, models.get(record));
  const pack::ModelClass& of = pack.contents().classes.at(record.head.class_number);
  const std::string form(pack::form_name(record.head.form));
  if (as_json) {
    Json json{{"file", pack.name()},
              {"key", pack::key_parts(record.key, pack.contents().keys.size())},
              {"form", form},
              {"bytes", record.head.bytes},
              {"source", {{"path", origin.path}, {"bytes", origin.bytes}, {"sha256", origin.sha256}}},
              {"writer", of.writer}};
    json.update(model::description_json(model->description()));
    return dump(json);
  }
  const model::Description& description = model->description();
  std::string text = description.title + "\n\n";
  text += line("model", models.name(record));
  text += line("form", form + ", " + std::to_string(record.head.bytes) + " bytes");
  text += line("packed from", std::string(origin.path) + " (" + std::to_string(origin.bytes) + " bytes)");
  text += line("sha256", origin.sha256);
  text += line("written by", of.writer);
  for (const auto& [name, value] : description.details) {
    if (name != "written by") text += line(name, value);
  }
  text += line("features", feature_line(description));
  text += line("types", listed_types(description) + " (the first is the default)");
  return text;
}

}  // namespace

std::string line(std::string name, const std::string& value) {
  constexpr std::size_t kWidth = 17;
  if (name.size() < kWidth) name.resize(kWidth, ' ');
  return name + value + "\n";
}

Result<std::string> inspect_pack(const std::string& path, const std::optional<std::string>& key, bool json) {
  SCORIA_TRY(pack, pack::Pack::open(path));
  SCORIA_TRY(schemas, plan::read_schemas(*pack));
  plan::PackModels models(pack, std::move(schemas));
  if (key) return inspect_model(*pack, models, *key, json);
  SCORIA_TRY_STATUS(pack->check_all());
  SCORIA_TRY(first, first_record(*pack));
  model::ModelPtr model;
  if (first) {
    SCORIA_TRY(read, models.get(*first));
    model = read;
  }
  const model::Description* const description = model != nullptr ? &model->description() : nullptr;
  return json ? dump(contents_json(*pack, description)) : contents_text(*pack, description);
}

}  // namespace scoria::cli
