#include "server/own.h"

#include <charconv>

#include "auth/tokens.h"
#include "base/iso8601.h"
#include "batch/nodes.h"
#include "batch/schedules.h"
#include "batch/usage.h"
#include "server/node_protocol.h"
#include "server/pools.h"
#include "server/secrets.h"
#include "server/upkeep/backup.h"
#include "server/webhooks.h"
#include "spec/errors.h"
#include "spec/json_text.h"

namespace scoria::server::own {
namespace {

// A whole number of the query, or `initial` where it is missing.
Result<int> number_of(const Call& call, std::string_view name, int initial, int least, int most) {
  const auto text = call.target().query_value(name);
  if (!text || text->empty()) return initial;
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size() || value < least || value > most) {
    return spec::batch_error("InvalidQueryParameterValue", "the query parameter '" + std::string(name) +
                                                               "' must be a whole number from " +
                                                               std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

}  // namespace

void usage(CallPtr call) {
  const std::string from(call->target().query_value("from").value_or(""));
  const std::string to(call->target().query_value("to").value_or(""));
  write(
      call, [from, to](batch::State& state) { return batch::usage_report(state, from, to); },
      [](Call& self, const Json& report) { self.send_json(200, report); });
}

void list_secrets(CallPtr call) {
  const auto names = call->app().secrets.list();
  if (!names.ok()) return call->fail(names.error());
  call->send_json(200, {{"value", names.value()}});
}

void set_secret(CallPtr call) {
  const std::string& name = call->argument("name");
  if (const Status status = Secrets::check_name(name); !status.ok()) return call->fail(status.error());
  const auto body = spec::parse_json(call->body());
  if (!body.ok()) return call->fail(body.error());
  const auto found = body.value().is_object() ? body.value().find("value") : body.value().end();
  const std::string value =
      body.value().is_object() && found != body.value().end() && found->is_string() ? found->get<std::string>() : "";
  if (value.empty() || value.size() > Secrets::kMostBytes) {
    return call->fail({Code::invalid, "the body must be {\"value\": \"...\"} with a secret of 1 to " +
                                          std::to_string(Secrets::kMostBytes) + " bytes"});
  }
  write(call, {.status = 204},
        [document = call->app().secrets.sealed(name, value, call->app().clock.now().wall)](
            batch::State& state) -> Result<Json> {
          state.changes.put(document);
          return Json();
        });
}

void remove_secret(CallPtr call) {
  const std::string& name = call->argument("name");
  const auto found = call->app().store.get(store::Kind::secret, "", name);
  if (!found.ok()) return call->fail(found.error());
  if (!found.value()) {
    return call->fail(spec::batch_error("ResourceNotFound", "there is no secret '" + name + "'"));
  }
  write(call, {.status = 204}, [name](batch::State& state) -> Result<Json> {
    state.changes.erase(store::Kind::secret, "", name);
    return Json();
  });
}

void next_firings(CallPtr call) {
  const auto count = number_of(*call, "count", 5, 1, 1000);
  if (!count.ok()) return call->fail(count.error());
  write(
      call,
      [id = call->argument("schedule"), count = count.value()](batch::State& state) -> Result<Json> {
        SCORIA_TRY(times, batch::next_firings(state, id, count));
        Json value = Json::array();
        for (const WallTime time : times) value.push_back(format_time(time));
        return Json{{"value", std::move(value)}};
      },
      [](Call& self, const Json& answer) { self.send_json(200, answer); });
}

void run_now(CallPtr call) {
  write(
      call,
      [id = call->argument("schedule")](batch::State& state) -> Result<Json> {
        SCORIA_TRY(job, batch::run_schedule_now(state, id));
        return Json{{"id", job}};
      },
      [](Call& self, const Json& answer) {
        self.send_json(201, answer, {{"Location", self.base_url() + "/jobs/" + answer["id"].get<std::string>()}});
      });
}

void preempt(CallPtr call) {
  write(call, {.status = 202}, [pool = call->argument("pool"), node = call->argument("node")](batch::State& state) {
    return as_json(batch::preempt_node(state, pool, node));
  });
}

void make_join_token(CallPtr call) {
  const auto pool = pools::find(call->app(), call->argument("pool"));
  if (!pool.ok()) return call->fail(pool.error());
  const auto days = number_of(*call, "days", 7, 1, 3650);
  if (!days.ok()) return call->fail(days.error());
  const std::string token = auth::random_token();
  const std::string expires = format_time(call->app().clock.now().wall + std::chrono::hours(24) * days.value());
  store::Document document = join_token_document(call->argument("pool"), token, expires);
  write(
      call,
      [document = std::move(document)](batch::State& state) -> Result<Json> {
        state.changes.put(document);
        return Json();
      },
      [token, expires](Call& self, const Json&) {
        self.send_json(201, {{"token", token}, {"expires", expires}, {"poolId", self.argument("pool")}});
      });
}

void test_notice(CallPtr call) {
  if (call->app().config.webhooks.empty()) {
    return call->fail({Code::invalid, "the server's configuration has no webhooks"});
  }
  const Json notice{{"id", new_request_id()},
                    {"event", "notice.test"},
                    {"time", format_time(call->app().clock.now().wall)},
                    {"account", call->app().account.name}};
  // The answer comes when the receivers have answered: that is what one asks for.
  call->app().webhooks.test(notice, [call](const Json& outcomes) { call->send_json(200, {{"value", outcomes}}); });
}

void backup(CallPtr call) {
  call->app().backups.begin([call](Result<std::unique_ptr<net::BodySource>> stream) {
    guarded(call, [&] {
      if (!stream.ok()) return call->fail(stream.error());
      call->send({.status = 200,
                  .headers = {{"Content-Type", "application/x-tar"}, {"Cache-Control", "no-store"}},
                  .body = {},
                  .file = {},
                  .source = std::move(stream).value(),
                  .head_length = {}});
    });
  });
}

}  // namespace scoria::server::own
