#include "sim/sqlite_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <vector>

namespace scoria::sim {
namespace {

constexpr int kSectorSize = 4096;  // as os_unix.c
constexpr int kLongestPath = 512;
constexpr int kLargestWrite = 0x1ffff;  // os_unix.c writes only the remainder of more

struct Handle;

// Shared memory of the connections to one database: its bytes are the heap's, its room on the disk is that of the file that it would be.
struct SharedMemory {
  std::unique_ptr<Disk::File> file;
  std::vector<std::unique_ptr<std::byte[]>> regions;
  std::vector<Handle*> users;
};

// What the connections to one database share.
struct Database {
  std::vector<Handle*> handles;
  SharedMemory memory;
};

// An open file. SQLite has allocated it with the size that the VFS says, and knows the first member.
struct Handle {
  sqlite3_file base;
  Disk::Process* process;
  Disk::File* file;
  Database* database;  // null: not a main database, so nobody locks it
  const char* path;    // SQLite keeps it until the file is closed
  int lock;
  unsigned shared_slots, exclusive_slots;
  std::int64_t chunk_size;
  bool syncs_folder, is_deleted_on_close;
};

Handle& handle_of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }

void leave_memory(Handle& handle, bool is_deleted);

int close(sqlite3_file* file) {
  Handle& handle = handle_of(file);
  if (handle.database != nullptr) {
    leave_memory(handle, false);
    std::erase(handle.database->handles, &handle);
  }
  delete handle.file;
  handle.file = nullptr;
  if (handle.is_deleted_on_close && handle.path != nullptr) (void)handle.process->remove(handle.path);
  return SQLITE_OK;
}

int read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  const std::span<std::byte> bytes(static_cast<std::byte*>(out), static_cast<std::size_t>(size));
  const auto count = handle_of(file).file->read(static_cast<std::uint64_t>(offset), bytes);
  if (!count) return SQLITE_IOERR_READ;
  if (*count == bytes.size()) return SQLITE_OK;
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(*count), bytes.end(), std::byte{0});
  return SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  if (size > kLargestWrite) return SQLITE_FULL;
  const std::span bytes(static_cast<const std::byte*>(data), static_cast<std::size_t>(size));
  switch (handle_of(file).file->write(static_cast<std::uint64_t>(offset), bytes)) {
    case Disk::Outcome::ok: return SQLITE_OK;
    case Disk::Outcome::no_room: return SQLITE_FULL;
    default: return SQLITE_IOERR_WRITE;
  }
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  const Disk::Outcome outcome = handle_of(file).file->truncate(static_cast<std::uint64_t>(size));
  return outcome == Disk::Outcome::ok ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

int sync(sqlite3_file* file, int) {
  Handle& handle = handle_of(file);
  if (handle.file->sync() != Disk::Outcome::ok) return SQLITE_IOERR_FSYNC;
  if (handle.syncs_folder) {
    handle.syncs_folder = false;
    if (handle.process->sync_names(folder_of(handle.path)) == Disk::Outcome::dead) return SQLITE_IOERR_FSYNC;
  }
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* out) {
  const auto size = handle_of(file).file->size();
  if (!size) return SQLITE_IOERR_FSTAT;
  *out = static_cast<sqlite3_int64>(*size);
  return SQLITE_OK;
}

// The strongest lock of the others.
int others_lock(const Handle& handle) {
  int strongest = SQLITE_LOCK_NONE;
  for (const Handle* other : handle.database->handles) {
    if (other != &handle) strongest = std::max(strongest, other->lock);
  }
  return strongest;
}

int lock(sqlite3_file* file, int level) {
  Handle& handle = handle_of(file);
  if (!handle.process->is_alive()) return SQLITE_IOERR_LOCK;
  if (handle.database == nullptr || handle.lock >= level) return SQLITE_OK;
  const int others = others_lock(handle);
  if (level == SQLITE_LOCK_SHARED) {
    if (others >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
  } else if (others >= SQLITE_LOCK_RESERVED) {
    return SQLITE_BUSY;
  } else if (level == SQLITE_LOCK_EXCLUSIVE && others >= SQLITE_LOCK_SHARED) {
    handle.lock = SQLITE_LOCK_PENDING;
    return SQLITE_BUSY;
  }
  handle.lock = level;
  return SQLITE_OK;
}

int unlock(sqlite3_file* file, int level) {
  Handle& handle = handle_of(file);
  handle.lock = std::min(handle.lock, level);
  return SQLITE_OK;
}

int check_reserved_lock(sqlite3_file* file, int* out) {
  const Handle& handle = handle_of(file);
  if (!handle.process->is_alive()) return SQLITE_IOERR_CHECKRESERVEDLOCK;
  *out = handle.database != nullptr && std::max(handle.lock, others_lock(handle)) >= SQLITE_LOCK_RESERVED;
  return SQLITE_OK;
}

int file_control(sqlite3_file* file, int operation, void* argument) {
  Handle& handle = handle_of(file);
  switch (operation) {
    case SQLITE_FCNTL_CHUNK_SIZE: handle.chunk_size = *static_cast<int*>(argument); return SQLITE_OK;
    case SQLITE_FCNTL_SIZE_HINT: {
      if (handle.chunk_size <= 0) return SQLITE_OK;
      const std::int64_t size = *static_cast<sqlite3_int64*>(argument);
      const std::int64_t chunks = (size + handle.chunk_size - 1) / handle.chunk_size;
      switch (handle.file->allocate(static_cast<std::uint64_t>(chunks * handle.chunk_size))) {
        case Disk::Outcome::ok: return SQLITE_OK;
        case Disk::Outcome::no_room: return SQLITE_FULL;
        default: return SQLITE_IOERR_WRITE;
      }
    }
    default: return SQLITE_NOTFOUND;
  }
}

int sector_size(sqlite3_file*) { return kSectorSize; }
int device_characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

std::string memory_name(const Handle& handle) { return std::string(handle.path) + "-shm"; }

int map_memory(sqlite3_file* file, int index, int size, int is_extended, void volatile** out) {
  Handle& handle = handle_of(file);
  *out = nullptr;
  if (!handle.process->is_alive()) return SQLITE_IOERR_SHMMAP;
  SharedMemory& memory = handle.database->memory;
  if (std::find(memory.users.begin(), memory.users.end(), &handle) == memory.users.end()) {
    if (memory.users.empty()) {
      memory.file = handle.process->open(memory_name(handle), true);
      // Who comes first begins anew: what the file held may be a dead process's.
      if (memory.file == nullptr || memory.file->allocate(0) != Disk::Outcome::ok) return SQLITE_IOERR_SHMOPEN;
    }
    memory.users.push_back(&handle);
  }
  const auto region = static_cast<std::size_t>(index);
  const auto bytes = static_cast<std::size_t>(size);
  if (region >= memory.regions.size()) {
    if (!is_extended) return SQLITE_OK;
    if (memory.file->allocate((region + 1) * bytes) != Disk::Outcome::ok) return SQLITE_IOERR_SHMSIZE;
    while (memory.regions.size() <= region) memory.regions.push_back(std::make_unique<std::byte[]>(bytes));
  }
  *out = memory.regions[region].get();
  return SQLITE_OK;
}

int lock_memory(sqlite3_file* file, int first, int count, int flags) {
  Handle& handle = handle_of(file);
  const unsigned mask = ((1u << count) - 1) << first;
  if (flags & SQLITE_SHM_UNLOCK) {
    handle.shared_slots &= ~mask;
    handle.exclusive_slots &= ~mask;
    return SQLITE_OK;
  }
  if (!handle.process->is_alive()) return SQLITE_IOERR_SHMLOCK;
  unsigned shared = 0, exclusive = 0;
  for (const Handle* other : handle.database->memory.users) {
    if (other == &handle) continue;
    shared |= other->shared_slots;
    exclusive |= other->exclusive_slots;
  }
  if (exclusive & mask) return SQLITE_BUSY;
  if (flags & SQLITE_SHM_SHARED) {
    handle.shared_slots |= mask;
    return SQLITE_OK;
  }
  if (shared & mask) return SQLITE_BUSY;
  handle.exclusive_slots |= mask;
  return SQLITE_OK;
}

void memory_barrier(sqlite3_file*) { std::atomic_thread_fence(std::memory_order_seq_cst); }

void leave_memory(Handle& handle, bool is_deleted) {
  SharedMemory& memory = handle.database->memory;
  handle.shared_slots = handle.exclusive_slots = 0;
  if (std::erase(memory.users, &handle) == 0 || !memory.users.empty()) return;
  memory.file.reset();
  memory.regions.clear();
  if (is_deleted) (void)handle.process->remove(memory_name(handle));  // as os_unix.c: nobody minds one that stays
}

int unmap_memory(sqlite3_file* file, int is_deleted) {
  leave_memory(handle_of(file), is_deleted != 0);
  return SQLITE_OK;
}

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = file_size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = map_memory,
    .xShmLock = lock_memory,
    .xShmBarrier = memory_barrier,
    .xShmUnmap = unmap_memory,
};

}  // namespace

struct SqliteDisk::Vfs {
  explicit Vfs(Disk::Process& owner);
  ~Vfs() { sqlite3_vfs_unregister(&methods); }

  static Vfs& of(sqlite3_vfs* vfs) { return *static_cast<Vfs*>(vfs->pAppData); }
  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags);
  static int remove(sqlite3_vfs* vfs, const char* path, int syncs_folder);
  static int access(sqlite3_vfs* vfs, const char* path, int question, int* out);
  static int full_path(sqlite3_vfs* vfs, const char* path, int size, char* out);
  static int randomness(sqlite3_vfs* vfs, int size, char* out);
  static int sleep(sqlite3_vfs* vfs, int microseconds);
  static int time(sqlite3_vfs* vfs, double* out);
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }

  Disk::Process& process;
  std::string name;
  sqlite3_vfs methods{};
  std::map<std::string, Database, std::less<>> databases;
  std::uint64_t waits = 0;
  std::uint64_t random = 0;
};

SqliteDisk::Vfs::Vfs(Disk::Process& owner) : process(owner) {
  static std::atomic<std::uint64_t> count = 0;
  name = "sim-" + std::to_string(++count);
  methods.iVersion = 1;
  methods.szOsFile = sizeof(Handle);
  methods.mxPathname = kLongestPath;
  methods.zName = name.c_str();
  methods.pAppData = this;
  methods.xOpen = open;
  methods.xDelete = remove;
  methods.xAccess = access;
  methods.xFullPathname = full_path;
  methods.xRandomness = randomness;
  methods.xSleep = sleep;
  methods.xCurrentTime = time;
  methods.xGetLastError = last_error;
  SCORIA_CHECK(sqlite3_vfs_register(&methods, 0) == SQLITE_OK);
}

int SqliteDisk::Vfs::open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  Vfs& self = of(vfs);
  file->pMethods = nullptr;
  const bool is_made = (flags & SQLITE_OPEN_CREATE) != 0;
  std::unique_ptr<Disk::File> opened;
  bool is_new = false;
  if (path == nullptr) {
    opened = self.process.open_unnamed();
  } else {
    is_new = !self.process.exists(path);
    if (!is_new && (flags & SQLITE_OPEN_EXCLUSIVE)) return SQLITE_CANTOPEN;
    opened = self.process.open(path, is_made);
  }
  if (opened == nullptr) return SQLITE_CANTOPEN;
  Database* database = nullptr;
  if (flags & SQLITE_OPEN_MAIN_DB) {
    if (!opened->hold()) return SQLITE_BUSY;
    database = &self.databases[path];
  }
  auto* handle = new (file) Handle{
      .base = {.pMethods = &kMethods},
      .process = &self.process,
      .file = opened.release(),
      .database = database,
      .path = path,
      .syncs_folder = is_new && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL)) != 0,
      .is_deleted_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0};
  if (database != nullptr) database->handles.push_back(handle);
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int SqliteDisk::Vfs::remove(sqlite3_vfs* vfs, const char* path, int syncs_folder) {
  Disk::Process& process = of(vfs).process;
  switch (process.remove(path)) {
    case Disk::Outcome::ok: break;
    case Disk::Outcome::missing: return SQLITE_IOERR_DELETE_NOENT;
    default: return SQLITE_IOERR_DELETE;
  }
  if (syncs_folder && process.sync_names(folder_of(path)) != Disk::Outcome::ok) return SQLITE_IOERR_DIR_FSYNC;
  return SQLITE_OK;
}

int SqliteDisk::Vfs::access(sqlite3_vfs* vfs, const char* path, int question, int* out) {
  Disk::Process& process = of(vfs).process;
  if (!process.is_alive()) return SQLITE_IOERR_ACCESS;
  const auto file = process.open(path, false);
  // As os_unix.c: an empty file is none, for it may be a journal that was begun and nothing more.
  *out = file != nullptr && (question != SQLITE_ACCESS_EXISTS || file->size().value_or(0) > 0);
  return SQLITE_OK;
}

int SqliteDisk::Vfs::full_path(sqlite3_vfs*, const char* path, int size, char* out) {
  const std::size_t length = std::strlen(path);
  if (length + 1 > static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::memcpy(out, path, length + 1);
  return SQLITE_OK;
}

int SqliteDisk::Vfs::randomness(sqlite3_vfs* vfs, int size, char* out) {
  std::uint64_t& state = of(vfs).random;
  for (int i = 0; i < size; ++i) out[i] = static_cast<char>(splitmix64(state));
  return size;
}

int SqliteDisk::Vfs::sleep(sqlite3_vfs* vfs, int microseconds) {
  ++of(vfs).waits;
  return microseconds;
}

int SqliteDisk::Vfs::time(sqlite3_vfs*, double* out) {
  *out = 2461373.5;  // a Julian day, always the same: nothing of ours asks the database for the time
  return SQLITE_OK;
}

SqliteDisk::SqliteDisk(Disk::Process& process) : vfs_(std::make_unique<Vfs>(process)) {}

SqliteDisk::~SqliteDisk() = default;

const std::string& SqliteDisk::name() const { return vfs_->name; }

std::uint64_t SqliteDisk::waits() const { return vfs_->waits; }

void SqliteDisk::seed_sqlite(std::uint32_t seed) {
  sqlite3_initialize();
  // 0 would mean the system's randomness.
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed == 0 ? 0x9e3779b9u : seed), nullptr);
  sqlite3_randomness(0, nullptr);
}

}  // namespace scoria::sim
