#include "server/blob/blob_surface.h"

#include "base/log.h"
#include "server/blob/operations.h"
#include "server/blob/storage_reply.h"
#include "server/identity.h"

namespace scoria::server {
namespace {

using storage::Access;
using storage::Context;
using storage::Operation;
using storage::StorageRequest;
using storage::StorageSink;

constexpr std::uint64_t kMaxBlob = 5000ull << 20;   // Put Blob, Azure's from 2019-12-12 on
constexpr std::uint64_t kMaxBlock = 4000ull << 20;  // Put Block
constexpr std::uint64_t kMaxAppend = 100ull << 20;  // Append Block
constexpr std::uint64_t kMaxBlockList = 16ull << 20;
constexpr std::uint64_t kMaxOther = 64ull << 10;
constexpr int kThreadsAfterPassword = 4;
constexpr std::size_t kMostAfterPassword = 64;  // waiting

// How large a body an operation may have; whether it goes to the store as it comes.
struct BodyRule {
  std::uint64_t max_bytes = kMaxOther;
  bool is_streamed = false;
};

BodyRule body_rule(Operation operation) {
  switch (operation) {
    case Operation::put_block_blob: return {kMaxBlob, true};
    case Operation::put_block: return {kMaxBlock, true};
    case Operation::append_block: return {kMaxAppend, true};
    case Operation::put_block_list: return {kMaxBlockList, false};
    default: return {};
  }
}

Result<net::HttpReply> serve_upload(const Context& context, StorageSink& sink) {
  switch (context.request.operation) {
    case Operation::put_block: return storage::put_block(context, sink.take());
    case Operation::append_block: return storage::append_block(context, sink.take());
    default: return storage::put_block_blob(context, sink.take());
  }
}

Result<net::HttpReply> serve(const Context& context) {
  switch (context.request.operation) {
    case Operation::list_containers: return storage::list_containers(context);
    case Operation::get_service_properties: return storage::get_service_properties(context);
    case Operation::get_account_information: return storage::get_account_information(context);
    case Operation::create_container: return storage::create_container(context);
    case Operation::delete_container: return storage::delete_container(context);
    case Operation::get_container: return storage::get_container(context);
    case Operation::set_container_metadata: return storage::set_container_metadata(context);
    case Operation::get_container_acl: return storage::get_container_acl(context);
    case Operation::set_container_acl: return storage::set_container_acl(context);
    case Operation::list_blobs: return storage::list_blobs(context);
    case Operation::create_append_blob: return storage::create_append_blob(context);
    case Operation::copy_blob: return storage::copy_blob(context);
    case Operation::put_blob_from_url: return storage::put_blob_from_url(context);
    case Operation::put_block_from_url: return storage::put_block_from_url(context);
    case Operation::append_block_from_url: return storage::append_block_from_url(context);
    case Operation::put_block_list: return storage::put_block_list(context);
    case Operation::get_block_list: return storage::get_block_list(context);
    case Operation::get_blob:
    case Operation::get_blob_properties: return storage::get_blob(context);
    case Operation::set_blob_metadata: return storage::set_blob_metadata(context);
    case Operation::set_blob_properties: return storage::set_blob_properties(context);
    case Operation::delete_blob: return storage::delete_blob(context);
    case Operation::put_block_blob:
    case Operation::put_block:
    case Operation::append_block: break;  // their bodies are in a sink
  }
  throw_bug(__FILE__, __LINE__, "an upload has a sink");
}

}  // namespace

BlobSurface::BlobSurface(blob::BlobStore& store, auth::AccountKey account, const Clock& clock, access::Access* users,
                         access::ProxyRules proxies)
    : store_(store),
      account_(std::move(account)),
      clock_(clock),
      users_(users),
      proxies_(std::move(proxies)),
      after_password_(kThreadsAfterPassword, kMostAfterPassword) {}

Result<Access> BlobSurface::authorize(const StorageRequest& request,
                                      const std::optional<access::Identified>& user) const {
  if (!user) return storage::authorize(request, account_, store_, clock_.now().wall, proxies_);
  SCORIA_TRY(access, storage::authorize_user(storage::Wanted(request), *user));
  // Who may deploy one service may make no containers: this one is there for them. One that is there stays as it is.
  if (access.is_of_service && !request.is_read()) (void)store_.create_container(storage::kServicesContainer, {}, "");
  return access;
}

net::BodyPlan BlobSurface::plan_body(const net::HttpRequest& head) {
  const WallTime now = clock_.now().wall;
  const auto refuse = [&](const Error& error) {
    net::BodyPlan plan{.max_bytes = kMaxOther};
    plan.refuse = storage::error_reply(error, &head, now);
    return plan;
  };
  auto request = storage::read_request(head, account_.name);
  if (!request.ok()) return refuse(request.error());
  const BodyRule rule = body_rule(request.value().operation);
  net::BodyPlan plan{.max_bytes = rule.max_bytes};
  std::optional<access::Identified> user;
  if (users_ != nullptr && has_user_credential(head)) user = users_->identify(head);
  if (user && user->is_pending()) {
    if (!rule.is_streamed) return plan;  // handle() asks again
    auto upload = store_.begin_upload();
    if (!upload.ok()) return refuse(upload.error());
    plan.sink = std::make_unique<StorageSink>(std::move(upload).value(), storage::LateUser::begin(*users_, head),
                                              storage::Wanted(request.value()));
    return plan;
  }
  auto access = authorize(request.value(), user);
  if (!access.ok()) return refuse(access.error());
  if (!rule.is_streamed) return plan;
  // What would fail anyhow fails before gigabytes are sent.
  const auto container = store_.container(request.value().container);
  if (!container.ok()) return refuse(container.error());
  auto upload = store_.begin_upload();
  if (!upload.ok()) return refuse(upload.error());
  plan.sink = std::make_unique<StorageSink>(std::move(upload).value(), std::move(access).value());
  return plan;
}

net::HttpReply BlobSurface::answer(net::HttpRequest& request, const std::optional<access::Identified>& user) {
  const WallTime now = clock_.now().wall;
  const auto run = [&]() -> Result<net::HttpReply> {
    if (request.body_error) return *request.body_error;
    SCORIA_TRY(read, storage::read_request(request, account_.name));
    if (user && user->caller != nullptr) {
      if (const auto refusal = users_->throttle(*user->caller))
        return Error{Code::unavailable, std::string(access::words_of(*refusal)), "ServerBusy"};
    }
    auto* sink = dynamic_cast<StorageSink*>(request.sink.get());
    // Authorized when its head came: since then the date may have become too old, and a signature expired.
    if (sink != nullptr && sink->late_user() == nullptr)
      return serve_upload({store_, account_, now, read, sink->access(), proxies_}, *sink);
    SCORIA_TRY(access, authorize(read, user));
    const Context context{store_, account_, now, read, access, proxies_};
    if (sink != nullptr) return serve_upload(context, *sink);
    if (!body_rule(read.operation).is_streamed) return serve(context);
    // No body at all: an empty blob.
    SCORIA_TRY(upload, store_.begin_upload());
    StorageSink empty(std::move(upload), access);
    return serve_upload(context, empty);
  };
  auto reply = run();
  return reply.ok() ? std::move(reply).value() : storage::error_reply(reply.error(), &request, now);
}

// A request whose user's password is checked, and then waits for its turn.
struct BlobSurface::Waiting {
  Waiting(BlobSurface& owner, net::HttpRequest head, net::Responder answer)
      : surface(owner), request(std::move(head)), responder(std::move(answer)) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  // Dropped: there are too many, or the server stops.
  ~Waiting() {
    if (is_done) return;
    try {
      responder.send(storage::error_reply(Error{Code::unavailable, "too many wait: send it again", "ServerBusy"},
                                          &request, surface.clock_.now().wall));
    } catch (const std::exception& error) {
      log::error("storage_not_answered", {{"error", error.what()}});
    }
  }

  BlobSurface& surface;
  net::HttpRequest request;
  net::Responder responder;
  bool is_done = false;
};

void BlobSurface::handle(net::HttpRequest request, net::Responder responder) {
  if (users_ == nullptr || !has_user_credential(request))
    return finish(std::move(request), std::move(responder), std::nullopt);
  auto* sink = dynamic_cast<StorageSink*>(request.sink.get());
  const std::shared_ptr<storage::LateUser> late = sink == nullptr ? nullptr : sink->late_user();
  auto user = late == nullptr ? users_->identify(request) : late->known().value_or(access::Identified{});
  if (!user.is_pending()) return finish(std::move(request), std::move(responder), std::move(user));
  const auto waiting = std::make_shared<Waiting>(*this, std::move(request), std::move(responder));
  const auto then = [this, waiting](access::Identified found) {
    // Not here, on a thread that others' passwords wait for.
    (void)after_password_.add([this, waiting, found = std::move(found)] {
      waiting->is_done = true;
      finish(std::move(waiting->request), std::move(waiting->responder), found);
    });  // else whoever waits is answered as all that is dropped
  };
  if (late != nullptr) return late->when_known(then);
  users_->identify_later(waiting->request, then);
}

void BlobSurface::finish(net::HttpRequest request, net::Responder responder,
                         const std::optional<access::Identified>& user) {
  net::HttpReply reply;
  try {
    reply = answer(request, user);
  } catch (const std::bad_alloc&) {
    reply = storage::error_reply(Error{Code::unavailable, "the server is out of memory for this request", "ServerBusy"},
                                 &request, clock_.now().wall);
  } catch (const std::exception& error) {
    reply = storage::error_reply(Error{Code::corrupt, error.what()}, &request, clock_.now().wall);
  }
  log::debug("storage_request",
             {{"method", request.method}, {"path", auth::split_target(request.target).path}, {"status", reply.status}});
  responder.send(std::move(reply));
}

net::HttpReply BlobSurface::explain(int status, std::string_view why) {
  const auto code = [status]() -> std::string_view {
    switch (status) {
      case 408: return "OperationTimedOut";
      case 411: return "MissingContentLengthHeader";
      case 413: return "RequestBodyTooLarge";
      case 431: return "RequestHeaderFieldsTooLarge";
      default: return status >= 500 ? "InternalError" : "InvalidInput";
    }
  }();
  net::HttpReply reply =
      storage::error_reply(Error{Code::invalid, std::string(why), std::string(code)}, nullptr, clock_.now().wall);
  reply.status = status;
  return reply;
}

}  // namespace scoria::server
