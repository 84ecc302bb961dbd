#include "cli/upkeep_commands.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/iso8601.h"
#include "cli/client/connection.h"
#include "server/data_folder.h"
#include "server/upkeep/backup.h"
#include "server/upkeep/doctor.h"
#include "server/upkeep/restore.h"

namespace scoria::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kPatience{30};  // until the first byte: the state of a large server is copied before
constexpr int kNotSound = 1;
constexpr int kNotExamined = 2;

// FILE.part that nobody else may read, until it is whole.
class PartFile final : public net::BodySink {
 public:
  static Result<std::unique_ptr<PartFile>> create(const fs::path& target, const Context& context) {
    std::error_code error;
    if (fs::exists(target, error)) {
      return Error{Code::conflict, "'" + target.string() + "' is there already: choose another name"};
    }
    const fs::path part = target.string() + ".part";
    ::unlink(part.c_str());  // of a backup that was cut off
    const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return failed(part);
    return std::unique_ptr<PartFile>(new PartFile(target, part, file, context));
  }
  ~PartFile() override {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(part_.c_str());
  }

  Status write(std::span<const std::byte> bytes) override {
    return write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  Status write(std::string_view bytes) {
    if (context_.stop.stop_requested()) return Error{Code::unavailable, "interrupted: nothing is written"};
    written_ += bytes.size();
    while (!bytes.empty()) {
      const ssize_t n = ::write(file_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed(part_);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    show_progress();
    return Ok{};
  }
  const fs::path& part() const { return part_; }

  // Under its own name, on disk.
  Status commit() {
    if (::fsync(file_) != 0) return failed(part_);
    ::close(std::exchange(file_, -1));
    if (::rename(part_.c_str(), target_.c_str()) != 0) {
      const Error error = failed(target_);
      ::unlink(part_.c_str());
      return error;
    }
    const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool is_flushed = descriptor >= 0 && ::fsync(descriptor) == 0;
    if (descriptor >= 0) ::close(descriptor);
    if (!is_flushed) return failed(folder);
    return Ok{};
  }

 private:
  PartFile(fs::path target, fs::path part, int file, const Context& context)
      : target_(std::move(target)), part_(std::move(part)), file_(file), context_(context) {}
  static Error failed(const fs::path& path) {
    const int number = errno;
    const Code code = number == ENOSPC || number == EDQUOT ? Code::exhausted : Code::unavailable;
    return Error{code, "cannot write '" + path.string() + "': " + std::strerror(number)};
  }
  void show_progress() {
    const auto now = std::chrono::steady_clock::now();
    if (!context_.is_terminal || now < next_) return;
    next_ = now + std::chrono::milliseconds(200);
    std::fprintf(stderr, "\r%.1f MiB ", static_cast<double>(written_) / (1 << 20));
  }

  fs::path target_, part_;
  int file_;
  const Context& context_;
  std::uint64_t written_ = 0;
  std::chrono::steady_clock::time_point next_;
};

struct BackupOptions {
  ServerChoice where;
  std::string to;
  bool json = false;
};

Status from_folder(const fs::path& data, PartFile& file) {
  const SystemClock clock;
  SCORIA_TRY(stream, server::backup_of_folder(data, clock));
  for (;;) {
    SCORIA_TRY(piece, stream->next());
    if (piece.empty()) return Ok{};
    SCORIA_TRY_STATUS(file.write(std::string_view(piece)));
  }
}

Status from_server(const ServerChoice& where, PartFile& file) {
  SCORIA_TRY(connection, Connection::open(where, kPatience));
  return connection.download("/scoria/v1/backup", file);
}

// The folder that is meant, or nothing where a server is named by its address.
std::string folder_of(const ServerChoice& where) {
  if (!where.server.empty() || !where.profile.empty()) return "";
  if (!where.data.empty()) return where.data;
  for (const char* name : {"SCORIA_SERVER", "SCORIA_PROFILE"}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return "";
  }
  const char* data = std::getenv("SCORIA_DATA");
  return data != nullptr && *data != '\0' ? data : default_data_folder().string();
}

fs::path target_of(const std::string& to) {
  std::error_code error;
  if (!fs::is_directory(to, error)) return to;
  std::string name = "scoria-" + format_time(SystemClock().now().wall);
  name = name.substr(0, name.find('.'));
  std::erase_if(name, [](char c) { return c == ':'; });
  if (name.ends_with('Z')) name.pop_back();
  return fs::path(to) / (name + "Z.tar");
}

void say_facts(bool json, const char* what, const std::string& place, const server::BackupFacts& facts) {
  if (json) {
    const nlohmann::ordered_json out{{"path", place},
                                     {"dataVersion", facts.data_version},
                                     {"created", facts.created},
                                     {"writtenBy", facts.written_by},
                                     {"files", facts.files},
                                     {"bytes", facts.bytes}};
    std::printf("%s\n", out.dump(2).c_str());
  } else {
    std::printf("%s: %s, %llu files, %llu bytes, data of version %d\n", what, place.c_str(),
                static_cast<unsigned long long>(facts.files), static_cast<unsigned long long>(facts.bytes),
                facts.data_version);
  }
}

Status back_up(const BackupOptions& options, const Context& context) {
  const fs::path target = target_of(options.to);
  SCORIA_TRY(file, PartFile::create(target, context));
  const std::string folder = folder_of(options.where);
  bool is_done = false;
  if (!folder.empty()) {
    const auto held = server::DataFolder::hold(folder);
    if (held.ok()) {
      SCORIA_TRY_STATUS(from_folder(folder, *file));
      is_done = true;
    } else if (held.error().code != Code::conflict) {
      return held.error();
    }
  }
  // A server runs on it: it is asked.
  if (!is_done) SCORIA_TRY_STATUS(from_server(options.where, *file));
  // Read once more: what cannot be restored is no backup.
  SCORIA_TRY(facts, server::verify_backup(file->part()));
  SCORIA_TRY_STATUS(file->commit());
  if (context.is_terminal) std::fprintf(stderr, "\r");
  say_facts(options.json, "backup", target.string(), facts);
  return Ok{};
}

void add_backup(CLI::App& app, Command& chosen, const Context& context) {
  auto options = std::make_shared<BackupOptions>();
  CLI::App* command = app.add_subcommand(
      "backup", "Copy all that a server keeps into one file, while it runs or when it is stopped; with its keys");
  command->add_option("--to", options->to, "a file, or a folder: then scoria-TIME.tar in it")->required();
  command->add_flag("--json", options->json, "print JSON");
  CLI::Option_group* server = command->add_option_group("Server");
  server->add_option("--server", options->where.server,
                     "the server's URL; who asks from SCORIA_TOKEN, or SCORIA_ACCOUNT and SCORIA_KEY");
  server->add_option("--profile", options->where.profile,
                     "a server by the name of its file in ~/.config/scoria/profiles");
  server->add_option("--data", options->where.data, "a data folder on this machine, whether its server runs or not");
  command->footer("Example: scoria backup --data /srv/scoria --to /backups\n");
  command->callback([options, &chosen, &context] {
    chosen = {"backup", [options, &context] { return back_up(*options, context); }};
  });
}

void add_restore(CLI::App& app, Command& chosen) {
  struct Options {
    std::string file, data;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("restore", "Make a data folder of a backup");
  command->add_option("FILE", options->file, "what `scoria backup` wrote")->required();
  command->add_option("--data", options->data, "a new folder, or an empty one")->required();
  command->add_flag("--json", options->json, "print JSON");
  command->footer("Example: scoria restore /backups/scoria-2026-11-29T180000Z.tar --data /srv/scoria\n");
  command->callback([options, &chosen] {
    chosen = {"restore", [options]() -> Status {
                SCORIA_TRY(facts, server::restore_backup(options->file, options->data));
                say_facts(options->json, "restored", options->data, facts);
                return Ok{};
              }};
  });
}

void add_doctor(CLI::App& app, Command& chosen) {
  struct Options {
    std::string data = default_data_folder().string();
    bool json = false, repair = false, quick = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "doctor", "Look a data folder over while no server runs on it: exit 0 sound, 1 not, 2 not looked at");
  command->add_option("--data", options->data, "the data folder")->capture_default_str();
  command->add_flag("--json", options->json, "print JSON");
  command->add_flag("--quick", options->quick, "do not read the bytes of blobs");
  command->add_flag("--repair", options->repair, "remove what crashes left, and nothing else");
  command->callback([options, &chosen] {
    chosen = {"doctor", [options, &chosen]() -> Status {
                chosen.exit_code = kNotExamined;
                const SystemClock clock;
                SCORIA_TRY(diagnosis, server::examine(options->data, clock,
                                                      {.reads_blobs = !options->quick, .repairs = options->repair}));
                chosen.exit_code = kNotSound;
                const std::string text =
                    options->json ? server::diagnosis_json(diagnosis) : server::diagnosis_text(diagnosis);
                std::fwrite(text.data(), 1, text.size(), stdout);
                if (diagnosis.is_sound()) return Ok{};
                return Error{Code::corrupt, "'" + options->data + "' has problems, listed above"};
              }};
  });
}

}  // namespace

void add_upkeep_commands(CLI::App& app, Command& chosen, const Context& context) {
  add_backup(app, chosen, context);
  add_restore(app, chosen);
  add_doctor(app, chosen);
}

}  // namespace scoria::cli
