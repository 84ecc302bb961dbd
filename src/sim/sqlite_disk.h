// SQLite on a simulated disk: a VFS through which one simulated process opens its databases.
//
// It asks of the disk what SQLite's own VFS asks of Linux: the same syncs of files and folders (and, as there, a failed sync of a folder goes
// unnoticed), a full disk at the same calls, writes that hurt nothing beside them. Locks and shared memory are the process's own: they go with
// it, and another process that lives finds the database busy.
// A process is killed so: process.kill() (or kill_at()), then destroy what has databases open, then this, then let another begin.
// Source: SQLite 3.40, os_unix.c; sqlite.org/vfs.html.
// Threads: one, with all connections. Borrows: the process. Connections must be closed before this goes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/disk.h"

namespace scoria::sim {

class SqliteDisk {
 public:
  explicit SqliteDisk(Disk::Process& process);
  ~SqliteDisk();
  SqliteDisk(const SqliteDisk&) = delete;
  SqliteDisk& operator=(const SqliteDisk&) = delete;

  // The name of the VFS, of this object alone: for sqlite3_open_v2() and store::StoreOptions.
  const std::string& name() const;
  // How often SQLite wanted to wait for a lock. With one thread nobody could give it back: must stay 0.
  std::uint64_t waits() const;

  // SQLite draws salts and the like from one generator per program; this starts it anew, so that a seed's run repeats byte by byte. Of no use to
  // two simulations at once in one program.
  static void seed_sqlite(std::uint32_t seed);

 private:
  struct Vfs;
  std::unique_ptr<Vfs> vfs_;
};

}  // namespace scoria::sim
