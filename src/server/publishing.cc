#include "server/publishing.h"

#include <algorithm>
#include <array>

#include "serve/service_version.h"
#include "serve/signature.h"
#include "server/documents.h"
#include "server/identity.h"
#include "server/services.h"
#include "spec/errors.h"
#include "spec/json_text.h"

namespace scoria::server::publishing {
namespace {

constexpr std::array<std::string_view, 3> kScoringWords = {"score", "predict", "invocations"};
constexpr std::array<std::string_view, 4> kChanges = {"POST", "PUT", "PATCH", "DELETE"};

bool is_given(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->empty()) return false;  // null is empty, too
  return !found->is_string() || !found->get_ref<const std::string&>().empty();
}

// As a literal that R and Python read alike: quotes, backslashes and control characters escaped, all else as it is.
std::string literal(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '\n') {
      quoted += "\\n";
    } else if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += {'\\', 'x', kDigits[static_cast<unsigned char>(c) >> 4], kDigits[c & 15]};
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

// {"x", "y"} of names or types, between the words of the language.
std::string list_of(std::string_view begin, const std::vector<serve::ServiceParameter>& parameters,
                    std::string serve::ServiceParameter::*member, std::string_view end) {
  std::string list(begin);
  for (const serve::ServiceParameter& one : parameters)
    list += (list.size() == begin.size() ? "" : ", ") + literal(one.*member);
  return list.append(end);
}

// What both get and leave is the table of serve/signature.h: columns filled up, and how many values of each are meant.
std::string r_script(std::string_view code, std::string_view init, const std::vector<serve::ServiceParameter>& inputs,
                     const std::vector<serve::ServiceParameter>& outputs) {
  std::string text(init);
  text += "\n.published <- parse(text = " + literal(code) + ", keep.source = FALSE)\n";
  text += ".inputs <- " + list_of("c(", inputs, &serve::ServiceParameter::name, ")") + "\n";
  text += ".types <- " + list_of("c(", inputs, &serve::ServiceParameter::type, ")") + "\n";
  text += ".outputs <- " + list_of("c(", outputs, &serve::ServiceParameter::name, ")") + "\n";
  text += R"R(.answer_published <- function(df) {
  sizes <- as.integer(strsplit(df[[".lengths"]][1L], " ", fixed = TRUE)[[1L]])
  scope <- new.env(parent = globalenv())
  for (i in seq_along(.inputs)) {
    value <- df[[.inputs[i]]][seq_len(sizes[i])]
    assign(.inputs[i], if (.types[i] == "integer") as.integer(value) else value, envir = scope)
  }
  for (one in .published) eval(one, scope)
  left <- lapply(.outputs, function(name) {
    if (!exists(name, envir = scope, inherits = FALSE)) stop("the code leaves nothing in the output '", name, "'", call. = FALSE)
    value <- get(name, envir = scope, inherits = FALSE)
    if (!is.atomic(value) || is.null(value) || length(dim(value)) > 1L) stop("the output '", name, "' is no vector", call. = FALSE)
    unname(value)
  })
  sizes <- lengths(left)
  rows <- max(1L, sizes)
  filled <- stats::setNames(lapply(left, function(value) { length(value) <- rows; value }), .outputs)
  c(filled, list(.lengths = c(paste(sizes, collapse = " "), rep("", rows - 1L))))
}
)R";
  return text;
}

std::string python_script(std::string_view code, std::string_view init,
                          const std::vector<serve::ServiceParameter>& inputs,
                          const std::vector<serve::ServiceParameter>& outputs) {
  std::string text(init);
  text += "\n_published = compile(" + literal(code) + ", \"code\", \"exec\")\n";
  text += "_inputs = " + list_of("[", inputs, &serve::ServiceParameter::name, "]") + "\n";
  text += "_types = " + list_of("[", inputs, &serve::ServiceParameter::type, "]") + "\n";
  text += "_outputs = " + list_of("[", outputs, &serve::ServiceParameter::name, "]") + "\n";
  text += R"PY(

def _given(one, kind):
    if one is None or (one != one and kind not in ("numeric", "vector")):
        return None
    return int(one) if kind == "integer" else one


def _left(name, value):
    if isinstance(value, dict) or hasattr(value, "columns"):
        raise ValueError(f"the output '{name}' is no list of single values, but {type(value).__name__}")
    if hasattr(value, "tolist"):
        value = value.tolist()
    is_many = hasattr(value, "__len__") and not isinstance(value, (str, bytes))
    values = list(value) if is_many else [value]
    if any(isinstance(one, (list, tuple, dict)) for one in values):
        raise ValueError(f"the output '{name}' is no list of single values, but has lists in it")
    return values


def answer_published(df):
    scope = dict(globals())
    sizes = [int(one) for one in df[".lengths"][0].split()]
    for name, kind, size in zip(_inputs, _types, sizes):
        column = df[name]
        values = column.tolist() if hasattr(column, "tolist") else list(column)
        # pandas has nan for a text that is missing
        is_text = kind == "vector" and any(isinstance(one, str) for one in values)
        values = [_given(one, "character" if is_text else kind) for one in values[:size]]
        scope[name] = values if kind == "vector" else values[0]
    exec(_published, scope)
    left = {}
    for name in _outputs:
        if name not in scope:
            raise ValueError(f"the code leaves nothing in the output '{name}'")
        left[name] = _left(name, scope[name])
    rows = max(1, *map(len, left.values()))
    answer = {name: values + [None] * (rows - len(values)) for name, values in left.items()}
    answer[".lengths"] = [" ".join(str(len(values)) for values in left.values())] + [""] * (rows - 1)
    return answer
)PY";
  return text;
}

// Whether what stands below the service's name is its own.
bool has_own_paths(App& app, const std::string& service) {
  const auto all = app.services.catalog().services();
  const serve::Service* found = serve::find_service(*all, service);
  return found != nullptr && std::ranges::any_of(found->versions, [](const auto& one) { return !one->takes_rows(); });
}

// Of the code's own rights: it runs as the server's user, so that a grant of one service is not enough.
Status check_right(const Call& call) {
  if (call.identity.is_account()) return Ok{};
  const bool is_deletion = call.request().method == "DELETE";
  const std::string service = is_deletion ? call.target().segments[1] : std::string();
  if (call.identity.caller != nullptr && call.identity.caller->may(access::Action::deploy, service)) return Ok{};
  return spec::batch_error("InsufficientAccountPermissions",
                           is_deletion ? "the caller may not change this service"
                                       : "published code runs as the server's own user: it takes the role contributor "
                                         "or owner");
}

void publish(const CallPtr& call) {
  const auto body = spec::parse_json(call->body());
  if (!body.ok()) return call->fail(body.error());
  auto publication = read_publication(body.value());
  if (!publication.ok()) return call->fail(publication.error());
  const std::string &name = call->argument("service"), &version = call->argument("version");
  call->app().services.deploy({.service = name,
                               .version = version,
                               .request = std::move(publication.value().request),
                               .texts = std::move(publication.value().texts)},
                              services::answered(call, {.event = "service_deployed", .fields = {{"version", version}}},
                                                 [call, path = "/api/" + name + "/" + version](const Json&) {
                                                   call->send_json(201, Json(path), {{"Location", path}});
                                                 }));
}

}  // namespace

bool is_publishing(App& app, std::string_view method, const Target& target) {
  const auto& parts = target.segments;
  if (parts.size() != 3 || parts[0] != "services") return false;
  if (std::ranges::find(kChanges, method) == kChanges.end()) return false;
  if (std::ranges::find(kScoringWords, parts[2]) != kScoringWords.end()) return false;
  return !has_own_paths(app, parts[1]);
}

Result<Publication> read_publication(const Json& body) {
  if (!body.is_object()) return Error{Code::invalid, "the body must be a JSON object"};
  for (const char* member : {"snapshotId", "model"}) {
    if (!is_given(body, member)) continue;
    return Error{Code::unsupported,
                 std::string("\"") + member +
                     "\" is not served, as there are no sessions to take snapshots of: make the objects in "
                     "\"initCode\", or give the model's file by `scoria service deploy NAME MODEL --script FILE`"};
  }
  if (is_given(body, "outputFileNames"))
    return Error{Code::unsupported, "\"outputFileNames\" is not served: answer by outputs"};
  const std::string code = text_at(body, "code"), runtime = text_at(body, "runtimeType");
  if (code.empty()) return Error{Code::invalid, "\"code\" must be the text of what runs for each request"};
  const bool is_python = batch::lower(runtime) == "python";
  if (!runtime.empty() && !is_python && batch::lower(runtime) != "r")
    return Error{Code::invalid, "\"runtimeType\" is '" + runtime.substr(0, 40) + "', must be R or Python"};
  SCORIA_TRY(inputs, serve::read_service_parameters(body.value("inputParameterDefinitions", Json()),
                                                    "inputParameterDefinitions"));
  SCORIA_TRY(outputs, serve::read_service_parameters(body.value("outputParameterDefinitions", Json()),
                                                     "outputParameterDefinitions"));
  if (inputs.empty() || outputs.empty()) {
    return Error{Code::invalid,
                 "\"inputParameterDefinitions\" and \"outputParameterDefinitions\" must each have one or more"};
  }
  const std::string file = is_python ? "published.py" : "published.R", init = text_at(body, "initCode");
  Publication publication;
  publication.request = {{"script", file},
                         {"runtime", is_python ? "python" : "r"},
                         {"function", is_python ? "answer_published" : ".answer_published"},
                         {"inputParameterDefinitions", serve::to_json(inputs)},
                         {"outputParameterDefinitions", serve::to_json(outputs)}};
  if (const std::string text = text_at(body, "description"); !text.empty()) publication.request["description"] = text;
  publication.texts.emplace_back(
      file, is_python ? python_script(code, init, inputs, outputs) : r_script(code, init, inputs, outputs));
  return publication;
}

void serve(const CallPtr& call) {
  const auto& parts = call->target().segments;
  call->arguments = {{"service", parts[1]}, {"version", parts[2]}};
  const std::string& method = call->request().method;
  App& app = call->app();
  // A service that is not there (yet) may have paths of its own: its clients' DELETE must not take a version of it.
  if (!app.services.is_ready() || has_own_paths(app, parts[1])) {
    return call->fail(spec::batch_error("ServerBusy", "services are being loaded: send the request again"),
                      {{"Retry-After", "1"}});
  }
  if (const Status allowed = check_right(*call); !allowed.ok()) {
    services::note_refusal(*call);
    return call->fail(allowed.error());
  }
  if (const Status checked = services::check_arguments(*call); !checked.ok()) return call->fail(checked.error());
  if (app.services.catalog().find(parts[1], "") == nullptr && app.services.is_stored(parts[1])) {
    return call->fail(
        {Code::conflict, "service '" + parts[1] +
                             "' did not load (the server's log says why), so that this may be a path of "
                             "its own: versions of it are changed by PUT and DELETE of /scoria/v1/services/" +
                             parts[1] + "/versions/..., or by `scoria service`"});
  }
  if (method == "POST") return publish(call);
  if (method == "DELETE") {
    return call->app().services.remove(
        parts[1], parts[2],
        services::answered(call, {.event = "service_version_deleted", .fields = {{"version", parts[2]}}},
                           [call](const Json&) { call->send_empty(200); }));
  }
  call->fail(spec::batch_error("UnsupportedHttpVerb",
                               "versions do not change: publish another by POST /services/" + parts[1] +
                                   "/ANOTHER-VERSION, which gets the requests without one, and then delete this one"));
}

}  // namespace scoria::server::publishing
