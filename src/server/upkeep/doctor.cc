#include "server/upkeep/doctor.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "auth/private_file.h"
#include "auth/tokens.h"
#include "base/iso8601.h"
#include "blob/check.h"
#include "net/certificate.h"
#include "server/data_folder.h"
#include "server/data_version.h"
#include "server/upkeep/backup.h"
#include "server/upkeep/examination.h"

namespace scoria::server {
namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

constexpr std::uint64_t kLittleRoom = 1ull << 30;
constexpr double kLittleShare = 0.05;
constexpr std::chrono::hours kCertificateMonth{24 * 30};
constexpr const char* kSecrets[] = {"account.json",         "token.key",           "secrets.key",
                                    "tls/ca.key",           "tls/server.key",      "state/state.sqlite",
                                    "access/users.json",    "access/keys.json",    "access/signing.json",
                                    "access/sessions.json", "access/settings.json"};

std::string mode_text(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777));
  return text.data();
}

const char* level_name(Level level) {
  switch (level) {
    case Level::problem: return "problem";
    case Level::warning: return "warning";
    case Level::leftover: return "leftover";
  }
  return "";
}

}  // namespace

bool Diagnosis::is_sound() const {
  for (const Finding& finding : findings) {
    if (finding.level == Level::problem) return false;
  }
  return true;
}

std::string Examination::relative(const fs::path& path) const { return path.lexically_relative(data_).string(); }

void Examination::problem(std::string where, std::string what, std::string advice) {
  diagnosis.findings.push_back({Level::problem, std::move(where), std::move(what), std::move(advice)});
}

void Examination::warning(std::string where, std::string what, std::string advice) {
  diagnosis.findings.push_back({Level::warning, std::move(where), std::move(what), std::move(advice)});
}

void Examination::leftover(const fs::path& path, std::string what) {
  Finding finding{Level::leftover, relative(path), std::move(what), "remove it: scoria doctor --repair"};
  if (options_.repairs) {
    std::error_code error;
    fs::remove_all(path, error);
    finding.is_repaired = !error;
    finding.advice = error ? "remove it: " + error.message() : "removed";
  }
  diagnosis.findings.push_back(std::move(finding));
}

void Examination::version() {
  const auto found = read_data_version(data_);
  if (!found.ok()) return problem("version.json", found.error().message, "restore a backup");
  diagnosis.version = found.value().value_or(0);
  if (diagnosis.version > kNewestDataVersion) {
    problem("version.json",
            "the folder is of version " + std::to_string(diagnosis.version) + "; this program knows up to " +
                std::to_string(kNewestDataVersion),
            "use the program that wrote it, or a newer one");
  } else if (diagnosis.version < kNewestDataVersion) {
    warning("version.json",
            "the folder is of version " + std::to_string(diagnosis.version) + "; the newest is " +
                std::to_string(kNewestDataVersion),
            "nothing: the next server migrates it; `scoria backup` before that is the way back");
  }
}

void Examination::permissions() {
  struct stat facts {};
  if (::stat(data_.c_str(), &facts) == 0 && (facts.st_mode & 077) != 0) {
    warning(".", "the folder has mode " + mode_text(facts.st_mode) + ": others may look into it",
            "chmod 700 " + data_.string());
  }
  for (const char* name : kSecrets) {
    if (::lstat((data_ / name).c_str(), &facts) != 0) continue;  // said where it is needed
    if (!S_ISREG(facts.st_mode)) {
      problem(name, "is no plain file", "restore a backup");
    } else if ((facts.st_mode & 077) != 0) {
      problem(name, "holds secrets, and has mode " + mode_text(facts.st_mode) + ", which lets others in",
              "chmod 600 " + (data_ / name).string() + "; who could read it may have done so");
    }
  }
}

void Examination::account() {
  if (const auto account = auth::read_account(data_); !account.ok() && account.error().code != Code::denied) {
    problem("account.json", account.error().message,
            "restore a backup: a new account has another key, which no client knows");
  }
  for (const char* name : {"token.key", "secrets.key"}) {
    const auto bytes = auth::read_private_file(data_ / name);
    if (bytes.ok() && bytes.value().size() == 32) continue;
    if (!bytes.ok() && bytes.error().code == Code::denied) continue;  // said with the permissions
    problem(name, bytes.ok() ? "is not 32 bytes long" : bytes.error().message,
            name == std::string_view("token.key")
                ? "restore a backup; a new one ends the tokens of running tasks"
                : "restore a backup: secrets that are stored cannot be opened without it");
  }
}

void Examination::blobs() {
  const auto report = blob::check_folder(
      data_ / "blobs", {.now = now_, .reads_bytes = options_.reads_blobs, .is_attempt = [this](std::uint64_t attempt) {
                          return !knows_attempts_ || attempts_.contains(attempt);
                        }});
  if (!report.ok()) return problem("blobs", report.error().message, "see that it can be read");
  diagnosis.containers = report.value().containers;
  diagnosis.blobs = report.value().blobs;
  diagnosis.blob_bytes = report.value().bytes;
  for (const blob::CheckFinding& finding : report.value().findings) {
    switch (finding.kind) {
      case blob::CheckFinding::Kind::damage:
        problem(relative(finding.path), finding.what, "restore a backup, or put the blob again");
        break;
      case blob::CheckFinding::Kind::leftover: leftover(finding.path, finding.what); break;
      case blob::CheckFinding::Kind::doubt:
        warning(relative(finding.path), finding.what, "compare it with a backup where it matters");
        break;
    }
  }
}

void Examination::certificates() {
  for (const char* name : {"tls/ca.pem", "tls/server.pem"}) {
    const auto end = net::certificate_end(data_ / name);
    if (!end.ok() && end.error().code == Code::not_found) continue;  // made with the first HTTPS
    if (!end.ok()) {
      problem(name, end.error().message, "restore a backup, or remove tls/: clients must then trust a new ca.pem");
      continue;
    }
    const bool is_authority = name == std::string_view("tls/ca.pem");
    if (end.value() > now_ + kCertificateMonth) continue;
    const std::string when = (end.value() > now_ ? "ends at " : "ended at ") + format_time(end.value());
    if (is_authority) {
      problem(name, when, "remove tls/ and start the server: it makes a new authority, which clients must be given");
    } else {
      warning(name, when, "nothing: a server renews it when it starts");
    }
  }
}

void Examination::disk() {
  struct statvfs facts {};
  if (::statvfs(data_.c_str(), &facts) != 0) return;
  const std::uint64_t all = static_cast<std::uint64_t>(facts.f_blocks) * facts.f_frsize;
  diagnosis.free_bytes = static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
  const auto share = static_cast<double>(diagnosis.free_bytes) / static_cast<double>(std::max<std::uint64_t>(all, 1));
  if (diagnosis.free_bytes >= kLittleRoom || share >= kLittleShare) return;
  warning(".", "its disk has " + std::to_string(diagnosis.free_bytes >> 20) + " MiB left",
          "make room; docs/operations.md tells how old jobs and blobs go by themselves");
}

void Examination::leftovers() {
  for (const fs::path& folder : {data_, data_ / "tls", data_ / "state"}) {
    std::error_code error;
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder, error)) found.push_back(entry.path());
    for (const fs::path& path : found) {
      const std::string name = path.filename().string();
      const bool is_draft = name.starts_with('.') && (name.find(".tmp-") != std::string::npos);
      const bool is_new = folder != data_ && name.ends_with(".new");
      if (is_draft || is_new) leftover(path, "a draft that was never finished");
      if (folder == data_ && name.starts_with(kBackupScratch)) leftover(path, "of a backup that never ended");
    }
  }
  std::error_code error;
  std::vector<fs::path> trash;
  for (const auto& entry : fs::directory_iterator(data_ / "trash", error)) trash.push_back(entry.path());
  for (const fs::path& path : trash) leftover(path, "the folder of a node that left");
}

Result<Diagnosis> examine(const fs::path& data, const Clock& clock, const DoctorOptions& options) {
  std::error_code error;
  const fs::path absolute = fs::absolute(data, error);
  SCORIA_TRY(held, DataFolder::hold(absolute));
  Examination examination(absolute, clock.now().wall, options);
  examination.version();
  examination.permissions();
  examination.account();
  examination.state();
  examination.blobs();
  examination.certificates();
  examination.disk();
  examination.leftovers();
  return std::move(examination.diagnosis);
}

std::string diagnosis_json(const Diagnosis& diagnosis) {
  nlohmann::ordered_json json{
      {"isSound", diagnosis.is_sound()}, {"version", diagnosis.version},      {"documents", diagnosis.documents},
      {"jobs", diagnosis.jobs},          {"tasks", diagnosis.tasks},          {"containers", diagnosis.containers},
      {"blobs", diagnosis.blobs},        {"blobBytes", diagnosis.blob_bytes}, {"freeBytes", diagnosis.free_bytes}};
  json["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : diagnosis.findings) {
    json["findings"].push_back({{"level", level_name(finding.level)},
                                {"where", finding.where},
                                {"what", finding.what},
                                {"advice", finding.advice},
                                {"isRepaired", finding.is_repaired}});
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string diagnosis_text(const Diagnosis& diagnosis) {
  std::string text;
  for (const Finding& finding : diagnosis.findings) {
    text += std::string(level_name(finding.level)) + ": " + finding.where + ": " + finding.what + "\n    " +
            finding.advice + "\n";
  }
  text += (diagnosis.is_sound() ? "sound: " : "not sound: ") + std::string("version ") +
          std::to_string(diagnosis.version) + ", " + std::to_string(diagnosis.jobs) + " jobs, " +
          std::to_string(diagnosis.tasks) + " tasks, " + std::to_string(diagnosis.blobs) + " blobs in " +
          std::to_string(diagnosis.containers) + " containers, " + std::to_string(diagnosis.blob_bytes) + " bytes\n";
  return text;
}

}  // namespace scoria::server
