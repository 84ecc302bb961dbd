#include "cli/pack.h"

#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "cli/numbers.h"
#include "cli/progress.h"
#include "model/loaders.h"
#include "net/sha256.h"
#include "pack/writer.h"
#include "plan/clock.h"
#include "plan/key_files.h"

namespace scoria::cli {
namespace {

std::array<std::byte, 32> digest(std::string_view bytes) {
  const std::string hex = net::sha256(bytes);
  const auto value = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  std::array<std::byte, 32> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::byte>(value(hex.at(2 * i)) << 4 | value(hex.at(2 * i + 1)));
  }
  return out;
}

// Where a folder is given: how are its files named? One of them shows what the answer looks like.
Error needs_name(const std::string& folder) {
  std::string example;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') || (!example.empty() && example < name)) continue;
    example = name;
  }
  if (error) return Error{Code::not_found, "cannot read folder '" + folder + "': " + error.message()};
  std::string message = "'" + folder + "' is a folder: say which columns its files are named by, as in 'scoria pack " +
                        folder + " --name model_{Device}_{Sensor}'";
  if (!example.empty()) message += " (one of them is '" + example + "')";
  return Error{Code::invalid, message};
}

Result<plan::KeyFiles> files_of(const PackOptions& options) {
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(options.models, error);
  if (!options.name.empty() && !is_folder) {
    return Error{Code::invalid, "--name is for the files of a folder; '" + options.models + "' is none"};
  }
  if (!is_folder) return plan::KeyFiles::parse(options.models);
  if (options.name.empty()) return needs_name(options.models);
  std::string folder;  // its own braces are no columns
  for (const char c : options.models) folder += c == '{' || c == '}' ? std::string(2, c) : std::string(1, c);
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return plan::KeyFiles::parse(folder + "/" + options.name);
}

std::string writer_of(const model::Description& description) {
  for (const auto& [name, value] : description.details) {
    if (name == "written by") return value;
  }
  return description.package;
}

Status pack_one(const std::string& path, const plan::KeyFiles& files, pack::PackWriter& writer) {
  SCORIA_TRY(key, files.key(path));
  SCORIA_TRY(file, FileBytes::open(path));
  auto model = model::open_model(file.bytes());
  if (!model.ok()) return with_context("'" + path + "'", std::move(model).error());
  const model::Description& description = model.value()->description();
  const pack::ModelSource source{.path = path,
                                 .bytes = file.bytes().size(),
                                 .sha256 = digest(file.text()),
                                 .class_name = description.title,
                                 .writer = writer_of(description)};
  auto added = writer.add(key, source, *model.value(), file.bytes());
  return added.ok() ? added : Status(with_context("'" + path + "'", std::move(added).error()));
}

// What keeps the rest from being packed as well.
bool is_final(Code code) { return code == Code::exhausted || code == Code::unavailable; }

std::string summary(const pack::PackWriter& writer, const std::string& output) {
  std::string text = output + ": " + std::to_string(writer.models()) +
                     (writer.models() == 1 ? " model, " : " models, ") +
                     short_count(static_cast<double>(writer.bytes())) + "B\n";
  for (const pack::Form form : {pack::Form::kernel_machine, pack::Form::linear, pack::Form::source}) {
    const std::uint64_t count = writer.contents().forms[static_cast<std::size_t>(form)];
    if (count > 0) text += "  " + std::string(pack::form_name(form)) + " " + std::to_string(count) + "\n";
  }
  return text;
}

}  // namespace

Status pack(const PackOptions& options, const Context& context) {
  SCORIA_TRY(files, files_of(options));
  std::uint64_t others = 0;
  SCORIA_TRY(paths, files.list(others));
  if (paths.empty()) {
    return Error{Code::not_found, "no file fits '" + options.models +
                                      (options.name.empty() ? "'" : "' with the name '" + options.name + "'") + "; " +
                                      std::to_string(others) + " files there have other names"};
  }
  SCORIA_TRY(writer,
             pack::PackWriter::create(
                 options.output, {.keys = files.columns(),
                                  .source = options.name.empty() ? options.models : options.models + " " + options.name,
                                  .packed = plan::utc_now(),
                                  .scoria = SCORIA_VERSION,
                                  .command = context.command_line}));
  std::uint64_t failed = 0;
  {
    Progress progress("models", context.is_terminal);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      if (context.stop.stop_requested()) {
        return Error{Code::unavailable, "interrupted; '" + options.output + "' is as it was"};
      }
      Status packed = pack_one(paths[i], files, writer);
      progress.update(i + 1, paths.size());
      if (packed.ok()) continue;
      if (is_final(packed.error().code)) return packed;
      ++failed;
      std::fprintf(stderr, "scoria pack: %s\n", packed.error().message.c_str());
    }
  }
  const std::string how_many = std::to_string(failed) + " of " + std::to_string(paths.size()) + " models";
  if (failed > 0 && !options.skip_unreadable) {
    return Error{Code::invalid, how_many + " cannot be packed, see above; --skip-unreadable packs the others"};
  }
  if (writer.models() == 0) return Error{Code::invalid, "none of the models can be packed"};
  SCORIA_TRY_STATUS(writer.commit());
  if (failed > 0) std::fprintf(stderr, "scoria pack: note: %s were left out\n", how_many.c_str());
  if (others > 0) {
    std::fprintf(stderr, "scoria pack: note: %llu files have other names and were left out\n",
                 static_cast<unsigned long long>(others));
  }
  const std::string text = summary(writer, options.output);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return Ok{};
}

}  // namespace scoria::cli
