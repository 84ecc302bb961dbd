// Container: how it gets into a picture of the store.
#include "blob/container.h"

namespace scoria::blob {

std::vector<std::pair<std::uint64_t, std::uint64_t>> Container::data_files() const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> files;
  index_.each_blob([&](const std::string&, Entry& entry) {
    if (entry.body.file != 0) files.emplace_back(entry.body.file, entry.length);
  });
  index_.each_block([&](const std::string&, const std::string&, Block& block) {
    if (block.body.file != 0) files.emplace_back(block.body.file, block.length);
  });
  return files;
}

Status Container::add_to(Picture& picture) const {
  const std::size_t folders = picture.folders().size(), files = picture.files().size();
  const std::string below = "containers/" + name_;
  const auto add = [&]() -> Status {
    SCORIA_TRY_STATUS(picture.add_folder(below));
    SCORIA_TRY_STATUS(picture.add_folder(below + "/data"));
    // Most second names are made while nobody waits; under the lock only what came since is left.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> early;
    {
      SCORIA_TRY(lock, lock_to_read());
      early = data_files();
    }
    for (const auto& [file, length] : early) {
      const Status linked = picture.link(data_file(file), below + "/data/" + file_name(file), length);
      // Whatever went since belongs to nothing any more; an append blob that had to be copied is copied whole below.
      if (!linked.ok() && linked.error().code != Code::not_found) return linked;
    }
    SCORIA_TRY(lock, lock_to_read());
    for (const auto& [file, length] : data_files()) {
      const std::string name = below + "/data/" + file_name(file);
      SCORIA_TRY_STATUS(picture.link(data_file(file), name, length));
      picture.add_file(name, length);
    }
    for (const char* name : {"journal", "container.json"}) {
      std::error_code error;
      const std::uint64_t length =
          name == std::string_view("journal") ? journal_->size() : std::filesystem::file_size(folder() / name, error);
      if (error) return Error{Code::unavailable, "cannot read '" + (folder() / name).string() + "'"};
      SCORIA_TRY_STATUS(picture.link(folder() / name, below + "/" + name, length));
      picture.add_file(below + "/" + name, length);
    }
    return Ok{};
  };
  const Status added = add();
  if (added.ok() || added.error().api_code != "ContainerNotFound") return added;
  picture.drop_since(folders, files);  // deleted meanwhile
  return Ok{};
}

}  // namespace scoria::blob
