#include "server/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <set>
#include <variant>

#include "access/peer.h"
#include "base/file.h"
#include "base/iso8601.h"
#include "server/config_values.h"

namespace scoria::server {
namespace {

using Node = YAML::Node;

// How each kind of value is read, and what the reference says of its bounds.
struct Text {
  std::string ServerConfig::*member;
  std::string_view form = "a text";
};
struct Choice {
  std::string ServerConfig::*member;
  std::vector<std::string_view> choices;
};
struct Whole {
  std::int64_t ServerConfig::*member;
  std::int64_t least, most;
};
struct Bytes {
  std::uint64_t ServerConfig::*member;
  std::uint64_t least, most;
};
struct Number {
  double ServerConfig::*member;
  double least, most;
};
struct Switch {
  bool ServerConfig::*member;
};
struct Span {
  Duration ServerConfig::*member;
  Duration least, most;
};
struct Texts {
  std::vector<std::string> ServerConfig::*member;
  std::string_view form;
};
struct Special {
  std::string_view form;  // what it must be, for people
  std::string_view initial;
  Status (*read)(ServerConfig& config, const ConfigPlace& place, const Node& node);
};
using Kind = std::variant<Text, Choice, Whole, Bytes, Number, Switch, Span, Texts, Special>;

struct Key {
  std::string_view name;
  Kind kind;
  std::string_view help;
};

std::string number_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr;
  return {text, end};
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes != 0 && bytes % (1u << 20) == 0) return std::to_string(bytes >> 20) + "MB";
  return std::to_string(bytes);
}

using namespace std::chrono_literals;

const std::vector<Key>& keys() {
  using C = ServerConfig;
  static const std::vector<Key> table = {
      {"http", Text{&C::http, "HOST:PORT, or empty"}, "Where HTTP is served. Empty: nowhere."},
      {"https", Text{&C::https, "HOST:PORT, or empty"}, "Where HTTPS is served. Empty: nowhere."},
      {"names", Special{"a list of DNS names and IP addresses", "none", read_names},
       "Names of the certificate, beside `localhost`, `*.blob.localhost`, `127.0.0.1` and `::1`."},
      {"certificate", Text{&C::certificate, "a PEM file, or empty"},
       "Certificate for HTTPS, with its chain (`fullchain.pem` of certbot), in use within a second of its renewal. "
       "Empty: "
       "one of an own authority, `DATA/tls/ca.pem`. With one of somebody else's, `url` must be by a name that it "
       "holds."},
      {"key", Text{&C::key, "a PEM file, or empty"}, "The private key of `certificate` (`privkey.pem` of certbot)."},
      {"behind_proxy", Switch{&C::behind_proxy},
       "Allows plain HTTP on an address that others can reach, where a trusted proxy ends TLS."},
      {"trusted_proxies", Texts{&C::trusted_proxies, "a list of addresses and ranges"},
       "Of such a peer, and of this machine, are `X-Forwarded-For` and `X-Forwarded-Proto` believed, with "
       "`behind_proxy`: `[10.0.0.0/8]`."},
      {"requests_per_second", Number{&C::requests_per_second, 0, 1e6},
       "Of each user, key and identity of a provider, over all their connections and tokens; more is 429. 0: no limit. "
       "The account's key, nodes and tasks have none."},
      {"burst", Number{&C::burst, 0, 1e6}, "Requests of a caller at once, after a rest. 0: a second's."},
      {"account", Text{&C::account, "3 to 24 lower-case letters and digits"},
       "The account's name, when it is made. One that is there keeps its own."},
      {"url", Text{&C::url, "an http or https URL"},
       "By which nodes and tasks call the server. Empty: the HTTP address, else the HTTPS one."},
      {"sizes", Special{"a map of names to {cores, memory, gpus}", "none", read_sizes},
       "Resource classes that `vmSize` may name, beside Azure's common sizes; one of the same name replaces it."},
      {"overcommit", Number{&C::overcommit, 0.1, 100},
       "The local pool admits nodes while their cores and memory fit this machine times this factor."},
      {"machine_cores", Whole{&C::machine_cores, 0, 4096}, "Cores that local nodes may use. 0: all there are."},
      {"machine_memory", Bytes{&C::machine_memory_bytes, 0, 1ull << 50},
       "Memory that local nodes may use. 0: all there is."},
      {"machine_devices", Whole{&C::machine_devices, 0, 1024},
       "GPUs of this machine, or what counts as such: given to local nodes whose size has some, each to one task."},
      {"strict_sizes", Switch{&C::strict_sizes},
       "Refuses a `vmSize` that is in no table; else such a node has one core."},
      {"containers", Choice{&C::containers, {"podman", "host"}},
       "What runs tasks with `containerSettings`: podman, or the host itself, ignoring the image."},
      {"images", Special{"a map of image names to image names, or to host", "none", read_images},
       "Images that stand for others; `host` runs that image's tasks on the host."},
      {"podman_options", Texts{&C::podman_options, "a list of podman's options"},
       "Put before each command of podman, such as `--root=/fast/containers`. Its configuration files and the server's "
       "environment (`CONTAINERS_CONF`, `CONTAINERS_STORAGE_CONF`) count as well."},
      {"podman_run_options", Texts{&C::podman_run_options, "a list of options of podman run"},
       "Of every container, before the task's `containerRunOptions`, such as `--device=nvidia.com/gpu=all`."},
      {"stand_ins", Choice{&C::stand_ins, {"missing", "first", "none"}},
       "Stand-ins for docker, wget and blobxfer, as doAzureParallel needs them, in the PATH of tasks that run on local "
       "nodes: "
       "where the machine lacks the program, before it (what a stand-in does not know goes to the machine's own), or "
       "not "
       "at all."},
      {"task_limits", Choice{&C::task_limits, {"none", "memory", "memory_and_cpu"}},
       "Holds a task to its slots' share of its node: of the memory (by control group or RLIMIT_DATA), and of the CPU "
       "when others want it (by control group). None, as on Azure, where tasks share what there is."},
      {"prices", Special{"a map of vmSize names, or core, to {dedicated, low_priority}", "none", read_prices},
       "Money for an hour of a node of that size, for `scoria usage`; `core`: for an hour of each core of the other "
       "sizes."},
      {"currency", Text{&C::currency, "a text"}, "What prices are in."},
      {"webhooks", Special{"a list of {url, secret, events}", "none", read_webhooks},
       "Who hears of `job.completed`, `job.failed` and `schedule.missed`; each body is signed with HMAC-SHA256 by its "
       "secret."},
      {"retention",
       Special{"a duration of at least PT1M, or a map of jobs (a duration), schedule_jobs (a number) and blobs (a list "
               "of {container, prefix, older_than})",
               "nothing goes", read_retention},
       "What goes by itself: completed jobs so long after their end (a duration alone, or `jobs`); of each schedule's "
       "completed jobs all but the newest `schedule_jobs`; blobs of a container (`logs`, or `logs*`: all that begin "
       "so) "
       "whose names begin with `prefix` and that nobody changed for `older_than`."},
      {"local_node_lost", Span{&C::local_node_lost, 1s, 24h},
       "Silence after which a node of the local pool is taken for lost, and its tasks run elsewhere."},
      {"remote_node_lost", Span{&C::remote_node_lost, 1s, 24h}, "The same for a node that joined."},
      {"preempt_grace", Span{&C::preempt_grace, 0s, 1h},
       "Between the notice to a preempted node's tasks and their end."},
      {"kill_grace", Span{&C::kill_grace, 0s, 1h}, "Between SIGTERM and SIGKILL of a task that is stopped."},
      {"lost_limit", Whole{&C::lost_limit, 1, 1000}, "A task fails after so many nodes were lost under it."},
      {"evaluate_on_change", Switch{&C::evaluate_on_change},
       "Autoscale formulas are evaluated when the queue changes, not on their interval alone."},
      {"minimum_evaluation_interval", Span{&C::minimum_evaluation_interval, 1s, 168h},
       "The shortest autoScaleEvaluationInterval that is accepted. Azure's is PT5M."},
      {"max_body", Bytes{&C::max_body_bytes, 1u << 16, 64u << 20}, "Largest body of a request to the Batch API."},
      {"max_upload", Bytes{&C::max_upload_bytes, 1u << 20, 1ull << 45}, "Largest body of a request to blob storage."},
      {"service_access_log", Text{&C::service_access_log, "a file, or empty"},
       "A line of JSON for each request to a service; read anew after SIGHUP, for logrotate. Empty: none."},
      {"service_payload_log", Text{&C::service_payload_log, "a file, or empty"},
       "Rows and predictions of a sample of the requests to services. Empty: none."},
      {"service_sample_rate", Number{&C::service_sample_rate, 0, 1},
       "The share of requests of which `service_payload_log` and `service_drift` see the rows."},
      {"service_mask", Texts{&C::service_mask, "a list of columns"},
       "Columns whose values `service_payload_log` must not hold: it has `\"***\"` for them."},
      {"service_drift", Whole{&C::service_drift, 0, 1'000'000},
       "Figures per column in `/metrics` of how far requests have moved from a version's sample of at least 100 rows, "
       "else from the first so many rows that are seen. 0: none."},
      {"threads", Whole{&C::threads, 1, 64}, "Threads that serve requests."},
      {"log_level", Special{"debug, info, warn or error", "info", read_log_level}, "The least that is logged."},
  };
  return table;
}

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

// What a key's value must be: of errors and of the reference.
std::string form_of(const Kind& kind) {
  return std::visit(
      Overloaded{
          [](const Text& text) { return std::string(text.form); },
          [](const Choice& choice) {
            std::string text;
            for (const auto& one : choice.choices) text += (text.empty() ? "" : " or ") + std::string(one);
            return text;
          },
          [](const Whole& whole) {
            return "a whole number from " + std::to_string(whole.least) + " to " + std::to_string(whole.most);
          },
          [](const Bytes& bytes) { return "a size from " + bytes_text(bytes.least) + " to " + bytes_text(bytes.most); },
          [](const Number& number) {
            return "a number from " + number_text(number.least) + " to " + number_text(number.most);
          },
          [](const Switch&) { return std::string("true or false"); },
          [](const Span& span) {
            return "a duration of at least " + format_duration(span.least) +
                   (span.most == Duration::max() ? "" : " and at most " + format_duration(span.most));
          },
          [](const Texts& texts) { return std::string(texts.form); },
          [](const Special& special) { return std::string(special.form); },
      },
      kind);
}

std::string default_of(const Kind& kind) {
  const ServerConfig initial;
  const auto text_of = [](const std::string& text) { return text.empty() ? std::string("empty") : text; };
  return std::visit(Overloaded{
                        [&](const Text& text) { return text_of(initial.*text.member); },
                        [&](const Choice& choice) { return initial.*choice.member; },
                        [&](const Whole& whole) { return std::to_string(initial.*whole.member); },
                        [&](const Bytes& bytes) { return bytes_text(initial.*bytes.member); },
                        [&](const Number& number) { return number_text(initial.*number.member); },
                        [&](const Switch& one) { return std::string(initial.*one.member ? "true" : "false"); },
                        [&](const Span& span) {
                          return initial.*span.member == Duration::max() ? std::string("never")
                                                                         : format_duration(initial.*span.member);
                        },
                        [](const Texts&) { return std::string("none"); },
                        [](const Special& special) { return std::string(special.initial); },
                    },
                    kind);
}

Status read_value(ServerConfig& config, const Key& key, std::string_view file, const Node& node) {
  const ConfigPlace place{file, std::string(key.name)};
  const auto refuse = [&] { return wrong_value(place, node, form_of(key.kind)); };
  return std::visit(Overloaded{
                        [&](const Text& text) -> Status {
                          if (node.IsNull()) return config.*text.member = "", Ok{};
                          if (!node.IsScalar()) return refuse();
                          config.*text.member = node.Scalar();
                          return Ok{};
                        },
                        [&](const Choice& choice) -> Status {
                          for (const auto& one : choice.choices) {
                            if (node.IsScalar() && node.Scalar() == one)
                              return config.*choice.member = node.Scalar(), Ok{};
                          }
                          return refuse();
                        },
                        [&](const Whole& whole) -> Status {
                          const auto number = config_number(node);
                          if (!number || *number != std::floor(*number) || *number < static_cast<double>(whole.least) ||
                              *number > static_cast<double>(whole.most)) {
                            return refuse();
                          }
                          config.*whole.member = static_cast<std::int64_t>(*number);
                          return Ok{};
                        },
                        [&](const Bytes& bytes) -> Status {
                          const auto number = config_bytes(node);
                          if (!number || *number < bytes.least || *number > bytes.most) return refuse();
                          config.*bytes.member = *number;
                          return Ok{};
                        },
                        [&](const Number& number) -> Status {
                          const auto value = config_number(node);
                          if (!value || *value < number.least || *value > number.most) return refuse();
                          config.*number.member = *value;
                          return Ok{};
                        },
                        [&](const Switch& one) -> Status {
                          if (!node.IsScalar() || (node.Scalar() != "true" && node.Scalar() != "false"))
                            return refuse();
                          config.*one.member = node.Scalar() == "true";
                          return Ok{};
                        },
                        [&](const Span& span) -> Status {
                          if (!node.IsScalar()) return refuse();
                          const auto value = parse_duration(node.Scalar());
                          if (!value.ok() || value.value() < span.least || value.value() > span.most) return refuse();
                          config.*span.member = value.value();
                          return Ok{};
                        },
                        [&](const Texts& texts) -> Status {
                          if (!node.IsSequence()) return refuse();
                          for (const Node& text : node) {
                            if (!text.IsScalar() || text.Scalar().empty()) return wrong_value(place, text, texts.form);
                            (config.*texts.member).push_back(text.Scalar());
                          }
                          return Ok{};
                        },
                        [&](const Special& special) -> Status { return special.read(config, place, node); },
                    },
                    key.kind);
}

}  // namespace

Result<ServerConfig> parse_server_config(std::string_view text, std::string_view file_name) {
  ServerConfig config;
  try {
    const Node root = YAML::Load(std::string(text));
    if (root.IsNull()) return config;
    if (!root.IsMap()) return Error{Code::invalid, std::string(file_name) + ": must be a map of keys"};
    std::set<std::string> seen;
    for (const auto& entry : root) {
      const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : std::string("?");
      const auto at = std::string(file_name) + ":" + std::to_string(entry.first.Mark().line + 1) + ": ";
      const Key* key = nullptr;
      for (const Key& one : keys()) key = one.name == name ? &one : key;
      if (key == nullptr) {
        std::string known;
        for (const Key& one : keys()) known += (known.empty() ? "" : ", ") + std::string(one.name);
        return Error{Code::invalid, at + "unknown key '" + name + "'; known keys: " + known};
      }
      if (!seen.insert(name).second) return Error{Code::invalid, at + "key '" + name + "' is given twice"};
      SCORIA_TRY_STATUS(read_value(config, *key, file_name, entry.second));
    }
  } catch (const YAML::Exception& error) {
    return Error{Code::invalid, std::string(file_name) + ":" + std::to_string(error.mark.line + 1) + ": " + error.msg};
  }
  if (config.certificate.empty() != config.key.empty()) {
    return Error{Code::invalid, std::string(file_name) + ": certificate and key go together: only one is given"};
  }
  if (const auto proxies = access::ProxyRules::parse(config.behind_proxy, config.trusted_proxies); !proxies.ok())
    return with_context(std::string(file_name) + ": trusted_proxies", proxies.error());
  if (config.service_drift > 0 && config.service_drift < 10)
    return Error{Code::invalid,
                 std::string(file_name) + ": service_drift is less than 10 rows, must be 0 or at least 10"};
  if (config.burst > 0 && config.burst < 1)
    return Error{Code::invalid, std::string(file_name) + ": burst is less than a request, must be 0 or at least 1"};
  if (config.http.empty() && config.https.empty()) {
    return Error{Code::invalid, std::string(file_name) + ": http and https are both empty: one must be served"};
  }
  return config;
}

Result<ServerConfig> read_server_config(const std::filesystem::path& file) {
  SCORIA_TRY(bytes, FileBytes::open(file));
  return parse_server_config(bytes.text(), file.string());
}

std::string server_config_reference() {
  std::string text =
      "# The server's configuration\n\n"
      "<!-- Generated: scoria server --print-config-reference > docs/server-config.md -->\n\n"
      "`scoria server --config FILE` reads a YAML file of these keys. Every one may be left out; an unknown key is an "
      "error.\nDurations are ISO 8601 (`PT15M`, `P7D`); sizes are bytes or `8GB`.\n\n"
      "| key | value | default | what it is |\n|---|---|---|---|\n";
  for (const Key& key : keys()) {
    text += "| `" + std::string(key.name) + "` | " + form_of(key.kind) + " | " + default_of(key.kind) + " | " +
            std::string(key.help) + " |\n";
  }
  text +=
      "\n```yaml\n"
      "http: 127.0.0.1:10100\n"
      "https: 0.0.0.0:10101\n"
      "names: [batch.example.com, \"*.blob.example.com\"]\n"
      "url: https://batch.example.com:10101\n"
      "sizes:\n"
      "  small: {cores: 1, memory: 2GB}\n"
      "images:\n"
      "  rocker/tidyverse: host\n"
      "retention:\n"
      "  jobs: P90D\n"
      "  schedule_jobs: 52\n"
      "  blobs:\n"
      "    - {container: \"logs*\", older_than: P30D}\n"
      "    - {container: results, prefix: draft/, older_than: P7D}\n"
      "prices:\n"
      "  core: {dedicated: 0.10, low_priority: 0.02}\n"
      "webhooks:\n"
      "  - {url: https://example.com/hook, secret: secret:hook, events: [job.failed]}\n"
      "```\n";
  return text;
}

}  // namespace scoria::server
