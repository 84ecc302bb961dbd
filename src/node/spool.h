// The keeper's memory of what it started and how it ended, in one file that is only appended to: what a keeper that died had, the next one
// reads here. Written and not flushed: it has to outlive the keeper, not the machine, with which the processes are gone too.
//
// Form: records of a length (4 bytes, of what follows), a kind (1 byte) and packed fields. 1 intent: attempt, note. 2 birth: BirthRecord.
// 3 ended: an Ending. 4 forgotten: attempt. A record cut short at the end of the file was being written when the keeper died.
// Threads: one user at a time. Owns: the file.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "node/descriptor.h"
#include "node/keeper_protocol.h"

namespace scoria::node {

struct SpooledAttempt {
  KeptAttempt kept;          // started_us is not spooled
  std::int64_t born_ms = 0;  // CLOCK_BOOTTIME; 0: it never came to be
};

struct Spooled {
  std::map<std::uint64_t, SpooledAttempt> attempts;
  std::string
      boot_id;  // of a keeper that went by itself with nothing running, and that nobody has followed; else empty
};

class Spool {
 public:
  // Reads what is there and goes on behind it. Errors: denied, unavailable, corrupt.
  static Result<Spool> open(const std::filesystem::path& path, Spooled& found);

  int descriptor() const { return file_.get(); }
  // Gathered until flush().
  void add_intent(std::uint64_t attempt, std::string_view note);
  void add_ending(const Ending& ending);
  void add_forgotten(std::uint64_t attempt);
  // The last record of a keeper that goes: who comes next is the same to its agent.
  void add_boot(std::string_view boot_id);
  // Errors: exhausted (disk full), unavailable.
  Status flush();
  // Starts over with what is held, when the file has grown far beyond it. Errors: as flush(); the old file then stays.
  Status compact(const std::map<std::uint64_t, SpooledAttempt>& held);
  std::uint64_t bytes_written() const { return bytes_written_; }
  // Around what others write to the descriptor: a part of a record would hide all behind it.
  std::uint64_t end() const;
  void cut_to(std::uint64_t end);

 private:
  Spool(std::filesystem::path path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  std::filesystem::path path_;
  Descriptor file_;
  std::string pending_;
  std::uint64_t bytes_written_ = 0;
};

}  // namespace scoria::node
