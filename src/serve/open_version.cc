#include "serve/open_version.h"

#include <cmath>
#include <future>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "serve/plan_version.h"
#include "serve/protocols.h"
#include "serve/script_version.h"
#include "serve/served_model.h"
#include "serve/set_version.h"

namespace scoria::serve {
namespace {

using Json = nlohmann::json;

// Where the two differ first; empty: nowhere.
std::string difference(const Json& got, const Json& wanted, double tolerance, const std::string& place) {
  const auto differs = [&] {
    return place + " is " + got.dump().substr(0, 200) + ", not " + wanted.dump().substr(0, 200);
  };
  if (got.is_number() && wanted.is_number()) {
    const double a = got.get<double>(), b = wanted.get<double>();
    return a == b || std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b)) ? "" : differs();
  }
  if (got.is_array() && wanted.is_array() && got.size() != wanted.size())
    return place + " has " + std::to_string(got.size()) + " elements, not " + std::to_string(wanted.size());
  if (got.type() != wanted.type() || got.size() != wanted.size()) return differs();
  if (got.is_array()) {
    for (std::size_t i = 0; i < got.size(); ++i) {
      auto found = difference(got[i], wanted[i], tolerance, place + "[" + std::to_string(i) + "]");
      if (!found.empty()) return found;
    }
    return "";
  }
  if (got.is_object()) {
    for (const auto& [name, value] : wanted.items()) {
      if (!got.contains(name)) return place + " has no \"" + name + "\"";
      auto found = difference(got[name], value, tolerance, place + "." + name);
      if (!found.empty()) return found;
    }
    return "";
  }
  return got == wanted ? "" : differs();
}

net::HttpRequest request_of(const VersionSpec& spec, std::string body) {
  net::HttpRequest request;
  request.method = "POST";
  request.target = "/score";
  const auto ends = [&](const char* end) { return spec.sample.ends_with(end); };
  request.headers = {{"Content-Type", ends(".csv")                        ? "text/csv"
                                      : ends(".jsonl") || ends(".ndjson") ? "application/x-ndjson"
                                                                          : "application/json"}};
  request.body = std::move(body);
  return request;
}

net::HttpReply answer_whole(const ServiceVersionPtr& version, net::HttpRequest request) {
  auto answered = std::make_shared<std::promise<net::HttpReply>>();
  version->answer_whole(std::move(request), "/score", std::chrono::steady_clock::now() + version->patience(),
                        [answered](net::HttpReply reply) { answered->set_value(std::move(reply)); });
  return answered->get_future().get();
}

net::HttpReply answer_rows(const std::shared_ptr<ServiceVersion>& version, net::HttpRequest request,
                           Executor& executor) {
  Exchange exchange{.version = version, .request = std::move(request), .query = {}};
  table::Table rows;
  Problem problem;
  if (!kPlumberForm.read(exchange, rows, problem)) return kPlumberForm.refuse(problem);
  const table::Table asked = rows;
  Outcome outcome;
  if (version->is_immediate()) {
    outcome = version->score(rows, exchange.wanted, executor);
  } else {
    auto scored = std::make_shared<std::promise<Outcome>>();
    version->score_later(std::move(rows), exchange.wanted, std::chrono::steady_clock::now() + version->patience(),
                         [scored](Outcome later) { scored->set_value(std::move(later)); });
    outcome = scored->get_future().get();
  }
  if (!outcome.is_scored) return kPlumberForm.refuse(outcome.problem);
  version->set_baseline({.rows = asked, .predictions = outcome.predictions});
  return kPlumberForm.write(exchange, outcome.predictions);
}

bool is_plan(std::string_view path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

}  // namespace

bool uses_server_files(const VersionSpec& spec) {
  return !spec.script.empty() || !spec.scripts.runtime.empty() || is_plan(spec.model);
}

Result<std::shared_ptr<ServiceVersion>> open_version(const VersionSpec& spec) {
  const auto as_version = [&](auto opened) -> Result<std::shared_ptr<ServiceVersion>> {
    if (!opened.ok()) return std::move(opened).error();
    std::shared_ptr<ServiceVersion> version(std::move(opened).value());
    version->set_about(spec.description);
    if (!spec.signature.inputs.empty()) version->set_signature(spec.signature);
    return version;
  };
  if (!spec.script.empty() || !spec.scripts.runtime.empty())
    return as_version(ScriptVersion::open(script_options(spec), spec.service, spec.version));
  if (is_plan(spec.model)) return as_version(PlanVersion::open(spec.model, spec.service, spec.version));
  if (is_model_set(spec.model))
    return as_version(SetVersion::open(spec.model, spec.features, spec.service, spec.version));
  return as_version(ServedModel::open(spec.model, spec.service, spec.version));
}

Status self_test(const std::shared_ptr<ServiceVersion>& version, const VersionSpec& spec, Executor& executor) {
  if (spec.sample.empty()) return Ok{};
  SCORIA_TRY(sample, FileBytes::open(spec.sample));
  net::HttpRequest request = request_of(spec, std::string(sample.text()));
  const net::HttpReply reply = version->takes_rows() ? answer_rows(version, std::move(request), executor)
                                                     : answer_whole(version, std::move(request));
  if (reply.status != 200) {
    return Error{Code::invalid, "the self-test of version '" + version->version() + "' of service '" +
                                    version->service() + "' failed: its sample rows were answered with status " +
                                    std::to_string(reply.status) + ": " + reply.body.substr(0, 1000)};
  }
  if (spec.expected.empty()) return Ok{};
  SCORIA_TRY(expected, FileBytes::open(spec.expected));
  const Json wanted = Json::parse(expected.text(), nullptr, false), got = Json::parse(reply.body, nullptr, false);
  if (wanted.is_discarded()) return Error{Code::invalid, "what the sample rows are expected to give is no JSON"};
  const std::string found = difference(got, wanted, spec.tolerance, "the answer");
  if (found.empty()) return Ok{};
  return Error{Code::invalid, "the self-test of version '" + version->version() + "' of service '" +
                                  version->service() + "' failed: " + found};
}

}  // namespace scoria::serve
