#include "server/routes.h"

#include <algorithm>

#include "server/accounts.h"
#include "server/files.h"
#include "server/identity.h"
#include "server/jobs.h"
#include "server/nodes.h"
#include "server/own.h"
#include "server/pools.h"
#include "server/principals.h"
#include "server/schedules.h"
#include "server/services.h"
#include "server/tasks.h"
#include "server/users.h"
#include "spec/errors.h"

namespace scoria::server {
namespace {

constexpr Route kRoutes[] = {
    {Verb::get, "/supportedimages", Scope::account, accounts::supported_images},
    {Verb::get, "/nodeagentskus", Scope::account, accounts::node_agent_skus},
    {Verb::get, "/nodecounts", Scope::account, accounts::node_counts},

    {Verb::post, "/pools", Scope::account, pools::add},
    {Verb::get, "/pools", Scope::account, pools::list},
    {Verb::get, "/pools/{pool}", Scope::account, pools::show},
    {Verb::head, "/pools/{pool}", Scope::account, pools::exists},
    {Verb::patch, "/pools/{pool}", Scope::account, pools::patch},
    {Verb::del, "/pools/{pool}", Scope::account, pools::remove},
    {Verb::post, "/pools/{pool}/enableautoscale", Scope::account, pools::enable_autoscale},
    {Verb::post, "/pools/{pool}/disableautoscale", Scope::account, pools::disable_autoscale},
    {Verb::post, "/pools/{pool}/evaluateautoscale", Scope::account, pools::evaluate_autoscale},
    {Verb::post, "/pools/{pool}/resize", Scope::account, pools::resize},
    {Verb::post, "/pools/{pool}/stopresize", Scope::account, pools::stop_resize},
    {Verb::post, "/pools/{pool}/removenodes", Scope::account, pools::remove_nodes},
    {Verb::post, "/pools/{pool}/updateproperties", Scope::account, pools::update_properties},

    {Verb::get, "/pools/{pool}/nodes", Scope::account, nodes::list},
    {Verb::get, "/pools/{pool}/nodes/{node}", Scope::account, nodes::show},
    {Verb::post, "/pools/{pool}/nodes/{node}/reboot", Scope::account, nodes::reboot},
    {Verb::post, "/pools/{pool}/nodes/{node}/reimage", Scope::account, nodes::reimage},
    {Verb::post, "/pools/{pool}/nodes/{node}/disablescheduling", Scope::account, nodes::disable_scheduling},
    {Verb::post, "/pools/{pool}/nodes/{node}/enablescheduling", Scope::account, nodes::enable_scheduling},
    {Verb::get, "/pools/{pool}/nodes/{node}/files", Scope::account, files::list_of_node},
    {Verb::get, "/pools/{pool}/nodes/{node}/files/{path...}", Scope::account, files::read_of_node},
    {Verb::head, "/pools/{pool}/nodes/{node}/files/{path...}", Scope::account, files::properties_of_node},
    {Verb::del, "/pools/{pool}/nodes/{node}/files/{path...}", Scope::account, files::remove_of_node},

    {Verb::post, "/jobs", Scope::account, jobs::add},
    {Verb::get, "/jobs", Scope::account, jobs::list},
    {Verb::get, "/jobs/{job}", Scope::job, jobs::show},
    {Verb::patch, "/jobs/{job}", Scope::job, jobs::patch},
    {Verb::put, "/jobs/{job}", Scope::job, jobs::update},
    {Verb::del, "/jobs/{job}", Scope::job, jobs::remove},
    {Verb::post, "/jobs/{job}/terminate", Scope::job, jobs::terminate},
    {Verb::post, "/jobs/{job}/disable", Scope::job, jobs::disable},
    {Verb::post, "/jobs/{job}/enable", Scope::job, jobs::enable},
    {Verb::get, "/jobs/{job}/taskcounts", Scope::job, jobs::task_counts},
    {Verb::get, "/jobs/{job}/jobpreparationandreleasetaskstatus", Scope::job, jobs::preparation_status},

    {Verb::post, "/jobschedules", Scope::account, schedules::add},
    {Verb::get, "/jobschedules", Scope::account, schedules::list},
    {Verb::get, "/jobschedules/{schedule}", Scope::account, schedules::show},
    {Verb::head, "/jobschedules/{schedule}", Scope::account, schedules::exists},
    {Verb::patch, "/jobschedules/{schedule}", Scope::account, schedules::patch},
    {Verb::put, "/jobschedules/{schedule}", Scope::account, schedules::update},
    {Verb::del, "/jobschedules/{schedule}", Scope::account, schedules::remove},
    {Verb::post, "/jobschedules/{schedule}/terminate", Scope::account, schedules::terminate},
    {Verb::post, "/jobschedules/{schedule}/disable", Scope::account, schedules::disable},
    {Verb::post, "/jobschedules/{schedule}/enable", Scope::account, schedules::enable},
    {Verb::get, "/jobschedules/{schedule}/jobs", Scope::account, schedules::list_jobs},

    {Verb::post, "/jobs/{job}/tasks", Scope::job, tasks::add},
    {Verb::post, "/jobs/{job}/addtaskcollection", Scope::job, tasks::add_collection},
    {Verb::get, "/jobs/{job}/tasks", Scope::job, tasks::list},
    {Verb::get, "/jobs/{job}/tasks/{task}", Scope::job, tasks::show},
    {Verb::put, "/jobs/{job}/tasks/{task}", Scope::job, tasks::update},
    {Verb::del, "/jobs/{job}/tasks/{task}", Scope::job, tasks::remove},
    {Verb::post, "/jobs/{job}/tasks/{task}/terminate", Scope::job, tasks::terminate},
    {Verb::post, "/jobs/{job}/tasks/{task}/reactivate", Scope::job, tasks::reactivate},
    {Verb::get, "/jobs/{job}/tasks/{task}/subtasksinfo", Scope::job, tasks::subtasks},
    {Verb::get, "/jobs/{job}/tasks/{task}/files", Scope::job, files::list_of_task},
    {Verb::get, "/jobs/{job}/tasks/{task}/files/{path...}", Scope::job, files::read_of_task},
    {Verb::head, "/jobs/{job}/tasks/{task}/files/{path...}", Scope::job, files::properties_of_task},
    {Verb::del, "/jobs/{job}/tasks/{task}/files/{path...}", Scope::job, files::remove_of_task},

    {Verb::get, "/applications", Scope::account, accounts::list_applications},
    {Verb::get, "/applications/{application}", Scope::account, accounts::show_application},

    // Azure's, and not here: said so rather than answered as if the path were wrong.
    {Verb::post, "/pools/{pool}/nodes/{node}/users", Scope::account, accounts::not_supported},
    {Verb::put, "/pools/{pool}/nodes/{node}/users/{user}", Scope::account, accounts::not_supported},
    {Verb::del, "/pools/{pool}/nodes/{node}/users/{user}", Scope::account, accounts::not_supported},
    {Verb::get, "/pools/{pool}/nodes/{node}/remoteloginsettings", Scope::account, accounts::not_supported},
    {Verb::get, "/pools/{pool}/nodes/{node}/rdp", Scope::account, accounts::not_supported},
    {Verb::post, "/pools/{pool}/nodes/{node}/uploadbatchservicelogs", Scope::account, accounts::not_supported},
    {Verb::get, "/pools/{pool}/nodes/{node}/extensions", Scope::account, accounts::not_supported},
    {Verb::get, "/pools/{pool}/nodes/{node}/extensions/{extension}", Scope::account, accounts::not_supported},
    {Verb::post, "/pools/{pool}/nodes/{node}/start", Scope::account, accounts::not_supported},
    {Verb::post, "/pools/{pool}/nodes/{node}/deallocate", Scope::account, accounts::not_supported},
    {Verb::post, "/pools/{pool}/upgradeos", Scope::account, accounts::not_supported},
    {Verb::get, "/poolusagemetrics", Scope::account, accounts::not_supported},
    {Verb::get, "/lifetimepoolstats", Scope::account, accounts::not_supported},
    {Verb::get, "/lifetimejobstats", Scope::account, accounts::not_supported},
    {Verb::get, "/certificates", Scope::account, accounts::not_supported},
    {Verb::post, "/certificates", Scope::account, accounts::not_supported},
    {Verb::get, "/certificates/{certificate}", Scope::account, accounts::not_supported},
    {Verb::del, "/certificates/{certificate}", Scope::account, accounts::not_supported},

    // Our own.
    {Verb::get, "/scoria/v1/usage", Scope::account, own::usage},
    {Verb::get, "/scoria/v1/secrets", Scope::account, own::list_secrets},
    {Verb::put, "/scoria/v1/secrets/{name}", Scope::account, own::set_secret},
    {Verb::del, "/scoria/v1/secrets/{name}", Scope::account, own::remove_secret},
    {Verb::get, "/scoria/v1/principals", Scope::account, principals::list},
    {Verb::post, "/scoria/v1/principals", Scope::account, principals::add},
    {Verb::del, "/scoria/v1/principals/{principal}", Scope::account, principals::remove},
    {Verb::get, "/scoria/v1/services", Scope::account, services::list},
    {Verb::get, "/scoria/v1/services/{service}", Scope::account, services::show},
    {Verb::del, "/scoria/v1/services/{service}", Scope::account, services::remove},
    {Verb::put, "/scoria/v1/services/{service}/versions/{version}", Scope::account, services::deploy},
    {Verb::del, "/scoria/v1/services/{service}/versions/{version}", Scope::account, services::remove_version},
    {Verb::put, "/scoria/v1/services/{service}/traffic", Scope::account, services::set_traffic},
    {Verb::post, "/scoria/v1/services/{service}/rollback", Scope::account, services::roll_back},
    {Verb::get, "/scoria/v1/users", Scope::account, users::list},
    {Verb::post, "/scoria/v1/users", Scope::account, users::add},
    {Verb::patch, "/scoria/v1/users/{user}", Scope::account, users::change},
    {Verb::del, "/scoria/v1/users/{user}", Scope::account, users::remove},
    {Verb::post, "/scoria/v1/userimports", Scope::account, users::import_htpasswd},
    {Verb::get, "/scoria/v1/keys", Scope::account, users::list_keys},
    {Verb::post, "/scoria/v1/keys", Scope::account, users::add_key},
    {Verb::del, "/scoria/v1/keys/{key}", Scope::account, users::remove_key},
    {Verb::post, "/scoria/v1/signingkeys", Scope::account, users::rotate_signing_keys},
    {Verb::get, "/scoria/v1/schedules/{schedule}/next", Scope::account, own::next_firings},
    {Verb::post, "/scoria/v1/schedules/{schedule}/run", Scope::account, own::run_now},
    {Verb::post, "/scoria/v1/pools/{pool}/nodes/{node}/preempt", Scope::account, own::preempt},
    {Verb::post, "/scoria/v1/pools/{pool}/token", Scope::account, own::make_join_token},
    {Verb::post, "/scoria/v1/notices/test", Scope::account, own::test_notice},
    {Verb::get, "/scoria/v1/backup", Scope::account, own::backup},
};

// The segments of `pattern` against those of a path; fills `arguments` on success.
bool fits(std::string_view pattern, const std::vector<std::string>& segments,
          std::vector<std::pair<std::string_view, std::string>>& arguments) {
  arguments.clear();
  std::size_t at = 0;
  pattern.remove_prefix(1);
  while (!pattern.empty()) {
    const auto end = std::min(pattern.find('/'), pattern.size());
    const std::string_view part = pattern.substr(0, end);
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
    if (at >= segments.size()) return false;
    if (part.ends_with("...}")) {
      std::string rest;
      for (; at < segments.size(); ++at) rest += (rest.empty() ? "" : "/") + segments[at];
      arguments.emplace_back(part.substr(1, part.size() - 5), std::move(rest));
      return true;
    }
    if (part.starts_with('{')) {
      if (segments[at].empty()) return false;
      arguments.emplace_back(part.substr(1, part.size() - 2), segments[at]);
    } else if (part != segments[at]) {
      return false;
    }
    ++at;
  }
  return at == segments.size();
}

}  // namespace

std::span<const Route> batch_routes() { return kRoutes; }

std::string routes_reference() {
  std::string text =
      "# Operations\n\n"
      "<!-- Generated: scoria server --print-routes > docs/operations-list.md -->\n\n"
      "Every operation of the Batch surface, in the order in which a request's path is compared. *job*: also with the "
      "bearer token of\none of the job's own tasks. What Azure Batch has and this server has not is answered 501 "
      "(NotImplemented).\n\n| | path | who | |\n|---|---|---|---|\n";
  for (const Route& route : kRoutes) {
    text += "| " + std::string(verb_name(route.verb)) + " | `" + std::string(route.pattern) + "` | " +
            (route.scope == Scope::job ? "account, job" : "account") + " | " +
            (route.handler == accounts::not_supported ? "not here" : "") + " |\n";
  }
  return text;
}

std::string_view verb_name(Verb verb) {
  switch (verb) {
    case Verb::get: return "GET";
    case Verb::head: return "HEAD";
    case Verb::post: return "POST";
    case Verb::put: return "PUT";
    case Verb::patch: return "PATCH";
    case Verb::del: return "DELETE";
  }
  return "";
}

batch::Work work_of(const Route& route) {
  static constexpr std::string_view kLess[] = {
      "terminate",         "disable",           "disableautoscale", "stopresize", "removenodes",
      "evaluateautoscale", "disablescheduling", "reboot",           "reimage",    "preempt"};
  const std::string_view last = route.pattern.substr(route.pattern.rfind('/') + 1);
  const bool is_less = route.verb == Verb::del || route.verb == Verb::get || route.verb == Verb::head ||
                       std::ranges::find(kLess, last) != std::end(kLess);
  return is_less ? batch::Work::less : batch::Work::more;
}

RouteMatch find_route(std::span<const Route> routes, std::string_view method, const Target& target) {
  RouteMatch match;
  for (const Route& route : routes) {
    if (!fits(route.pattern, target.segments, match.arguments)) continue;
    match.path_is_known = true;
    if (verb_name(route.verb) == method) {
      match.route = &route;
      return match;
    }
  }
  match.arguments.clear();
  return match;
}

void dispatch(const CallPtr& call) {
  auto identity = identify(*call);
  if (!identity.ok()) return call->fail(identity.error());
  call->identity = std::move(identity).value();
  RouteMatch match = find_route(kRoutes, call->request().method, call->target());
  if (match.route == nullptr) {
    if (match.path_is_known) {
      return call->fail(spec::batch_error("UnsupportedHttpVerb",
                                          call->request().method + " is no operation of " + call->target().path));
    }
    return call->fail(spec::batch_error("ResourceNotFound",
                                        "there is no operation " + call->request().method + " " + call->target().path));
  }
  call->arguments = std::move(match.arguments);
  if (const Status allowed = check_scope(*call, match.route->scope); !allowed.ok()) {
    if (match.route->pattern.starts_with("/scoria/v1/services/")) services::note_refusal(*call);
    return call->fail(allowed.error());
  }
  if (!match.route->pattern.starts_with("/scoria/")) {
    const auto version = spec::ApiVersion::parse(call->target().query_value("api-version").value_or(""));
    if (!version.ok()) return call->fail(version.error());
    call->version = version.value();
  }
  call->work = work_of(*match.route);
  match.route->handler(call);
}

}  // namespace scoria::server
