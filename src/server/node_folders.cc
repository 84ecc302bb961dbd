#include "server/node_folders.h"

#include <algorithm>
#include <future>

#include "server/file_relay.h"
#include "spec/errors.h"
#include "spec/json_text.h"

namespace scoria::server {
namespace {

constexpr std::size_t kMostListed = 100'000;

Result<node::FileFacts> facts_of(const spec::Json& json) {
  node::FileFacts facts;
  const auto is_number = [&json](const char* name) { return json.contains(name) && json[name].is_number_integer(); };
  if (!json.is_object() || !is_number("length")) {
    return Error{Code::corrupt, "the node answered with what describes no file"};
  }
  facts.path = json.contains("name") && json["name"].is_string() ? json["name"].get<std::string>() : "";
  facts.is_directory = json.contains("isDirectory") && json["isDirectory"] == true;
  facts.length = json["length"].get<std::uint64_t>();
  if (is_number("created_us")) facts.created_us = json["created_us"].get<std::int64_t>();
  if (is_number("modified_us")) facts.modified_us = json["modified_us"].get<std::int64_t>();
  if (is_number("mode")) facts.mode = json["mode"].get<std::uint32_t>();
  return facts;
}

// A file elsewhere, fetched piece by piece as the client reads.
class RemoteBytes final : public net::BodySource {
 public:
  RemoteBytes(FileRelay& relay, std::string pool, std::string node, std::string path, std::uint64_t offset,
              std::uint64_t length)
      : relay_(relay),
        pool_(std::move(pool)),
        node_(std::move(node)),
        path_(std::move(path)),
        offset_(offset),
        length_(length),
        end_(offset + length) {}

  Result<std::string> next() override {
    if (offset_ >= end_) return std::string();
    spec::FileOrder order;
    order.action = "read";
    order.path = path_;
    order.offset = offset_;
    order.length = std::min(end_ - offset_, FileRelay::kMostBytes);
    auto promise = std::make_shared<std::promise<FileRelay::Answer>>();
    auto future = promise->get_future();
    // The relay answers in any case, if with its own deadline.
    relay_.ask(pool_, node_, order, [promise](FileRelay::Answer answer) { promise->set_value(std::move(answer)); });
    SCORIA_TRY(bytes, future.get());
    if (bytes.empty()) return Error{Code::unavailable, "the file became shorter while it was read"};
    if (bytes.size() > end_ - offset_) return Error{Code::corrupt, "the node sent more than was asked for"};
    offset_ += bytes.size();
    return std::move(bytes);
  }
  std::optional<std::uint64_t> length() const override { return length_; }

 private:
  FileRelay& relay_;
  std::string pool_, node_, path_;
  std::uint64_t offset_, length_, end_;
};

}  // namespace

std::filesystem::path local_node_folder(const std::filesystem::path& nodes_folder, std::string_view pool,
                                        std::string_view node) {
  return nodes_folder / batch::lower(pool) / batch::lower(node);
}

NodeFolder::NodeFolder(App& app, std::string pool, std::string node)
    : app_(app), pool_(std::move(pool)), node_(std::move(node)) {
  auto files = node::NodeFiles::open(local_node_folder(app.nodes_folder, pool_, node_));
  if (files.ok()) local_ = std::move(files).value();
}

void NodeFolder::ask(std::string action, const std::string& path, std::function<void(Result<std::string>)> done) const {
  spec::FileOrder order;
  order.action = std::move(action);
  order.path = path;
  app_.relay.ask(pool_, node_, std::move(order), std::move(done));
}

void NodeFolder::list(const std::string& path, bool is_recursive, Listed done) const {
  if (local_) {
    auto listing = local_->list(path, is_recursive, kMostListed);
    if (!listing.ok()) return done(listing.error());
    return done(std::move(listing.value().files));
  }
  ask(is_recursive ? "list_recursive" : "list", path,
      [path, done = std::move(done)](const Result<std::string>& answer) {
        if (!answer.ok()) return done(answer.error());
        const auto json = spec::parse_json(answer.value(), {.bytes = FileRelay::kMostBytes});
        if (!json.ok()) return done(json.error());
        std::vector<node::FileFacts> files;
        const spec::Json none = spec::Json::array();
        const spec::Json& listed =
            json.value().is_object() && json.value().contains("files") ? json.value()["files"] : none;
        for (const spec::Json& entry : listed) {
          auto facts = facts_of(entry);
          if (!facts.ok()) return done(facts.error());
          if (!path.empty()) facts.value().path.insert(0, path + "/");
          files.push_back(std::move(facts).value());
        }
        done(std::move(files));
      });
}

void NodeFolder::properties(const std::string& path, Found done) const {
  if (local_) return done(local_->properties(path));
  ask("properties", path, [path, done = std::move(done)](const Result<std::string>& answer) {
    if (!answer.ok()) return done(answer.error());
    const auto json = spec::parse_json(answer.value());
    if (!json.ok()) return done(json.error());
    auto facts = facts_of(json.value());
    if (facts.ok()) facts.value().path = path;
    done(std::move(facts));
  });
}

void NodeFolder::remove(const std::string& path, bool is_recursive, Removed done) const {
  if (local_) return done(local_->remove(path, is_recursive));
  ask(is_recursive ? "delete_recursive" : "delete", path, [done = std::move(done)](const Result<std::string>& answer) {
    if (!answer.ok()) return done(answer.error());
    done(Ok{});
  });
}

Result<NodeFolder::Bytes> NodeFolder::read(const std::string& path, std::uint64_t offset, std::uint64_t length) const {
  Bytes bytes;
  if (local_) {
    SCORIA_TRY(opened, local_->open_file(path));
    bytes.file = net::FilePart{opened.descriptor, offset, length};
    return bytes;
  }
  bytes.source = std::make_unique<RemoteBytes>(app_.relay, pool_, node_, path, offset, length);
  return bytes;
}

}  // namespace scoria::server
