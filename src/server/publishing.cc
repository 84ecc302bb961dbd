#include "server/publishing.h"

#include <algorithm>
#include <array>
#include <set>

#include "serve/service_version.h"
#include "server/identity.h"
#include "server/services.h"
#include "spec/errors.h"
#include "spec/json_text.h"

namespace scoria::server::publishing {
namespace {

constexpr std::size_t kMostParameters = 1000;
constexpr std::array<std::string_view, 3> kScoringWords = {"score", "predict", "invocations"};
constexpr std::array<std::string_view, 4> kChanges = {"POST", "PUT", "PATCH", "DELETE"};

struct Parameter {
  std::string name, type;
};

std::string member_text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_given(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && !found->is_null() && !found->empty() && *found != "";
}

// A variable's name in both languages.
bool is_variable_name(const std::string& name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && name.size() <= 64 && is_letter(name[0]) && name[0] != '_' &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

Result<std::vector<Parameter>> read_parameters(const Json& body, const char* member) {
  const Json list = body.value(member, Json::array());
  const std::string what = std::string("\"") + member + "\"";
  if (list.is_null()) return std::vector<Parameter>{};
  if (!list.is_array() || list.size() > kMostParameters)
    return Error{Code::invalid, what + " must be a list of at most 1,000 {\"name\", \"type\"}"};
  std::vector<Parameter> parameters;
  std::set<std::string> names;
  for (const Json& one : list) {
    Parameter parameter;
    if (one.is_object()) parameter = {member_text(one, "name"), member_text(one, "type")};
    if (!is_variable_name(parameter.name))
      return Error{Code::invalid, what + ": each needs a \"name\" of letters, digits and _, with a letter first"};
    if (!names.insert(parameter.name).second) return Error{Code::invalid, what + " has '" + parameter.name + "' twice"};
    static constexpr std::array<std::string_view, 5> kTypes = {"numeric", "integer", "logical", "character", "vector"};
    if (parameter.type == "matrix" || parameter.type == "data.frame") {
      return Error{Code::unsupported, what + ": '" + parameter.name + "' is a " + parameter.type +
                                          ", which is not served: name its columns, each of type vector"};
    }
    if (std::ranges::find(kTypes, parameter.type) == kTypes.end()) {
      return Error{Code::invalid, what + ": '" + parameter.name + "' has the type '" + parameter.type.substr(0, 40) +
                                      "', must be numeric, integer, logical, character or vector"};
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
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
std::string list_of(std::string_view begin, const std::vector<Parameter>& parameters, std::string Parameter::*member,
                    std::string_view end) {
  std::string list(begin);
  for (const Parameter& one : parameters) list += (list.size() == begin.size() ? "" : ", ") + literal(one.*member);
  return list.append(end);
}

// Of a single output the name is told, too ("output:": serve/protocols.cc), where a model's is "answer".
std::string r_script(std::string_view code, std::string_view init, const std::vector<Parameter>& inputs,
                     const std::vector<Parameter>& outputs) {
  std::string text(init);
  text += "\n.published <- parse(text = " + literal(code) + ", keep.source = FALSE)\n";
  text += ".inputs <- " + list_of("c(", inputs, &Parameter::name, ")") + "\n";
  text += ".types <- " + list_of("c(", inputs, &Parameter::type, ")") + "\n";
  text += ".outputs <- " + list_of("c(", outputs, &Parameter::name, ")") + "\n";
  text += R"R(.answer_published <- function(df) {
  absent <- setdiff(.inputs, names(df))
  if (length(absent) > 0L) stop("the input '", absent[1L], "' is missing")
  scope <- new.env(parent = globalenv())
  for (i in seq_along(.inputs)) {
    value <- df[[.inputs[i]]]
    value <- switch(.types[i], numeric = as.numeric(value), integer = as.integer(value), logical = as.logical(value),
                    character = as.character(value), value)
    assign(.inputs[i], value, envir = scope)
  }
  for (one in .published) eval(one, scope)
  left <- lapply(.outputs, function(name) {
    if (!exists(name, envir = scope, inherits = FALSE)) stop("the code leaves nothing in the output '", name, "'")
    value <- get(name, envir = scope, inherits = FALSE)
    if (is.list(value) || length(dim(value)) > 1L) stop("the output '", name, "' is no vector")
    unname(value)
  })
  stats::setNames(left, paste0("output:", .outputs))
}
)R";
  return text;
}

std::string python_script(std::string_view code, std::string_view init, const std::vector<Parameter>& inputs,
                          const std::vector<Parameter>& outputs) {
  std::string text(init);
  text += "\n_published = compile(" + literal(code) + ", \"code\", \"exec\")\n";
  text += "_inputs = " + list_of("[", inputs, &Parameter::name, "]") + "\n";
  text += "_types = " + list_of("[", inputs, &Parameter::type, "]") + "\n";
  text += "_outputs = " + list_of("[", outputs, &Parameter::name, "]") + "\n";
  text += R"PY(

def answer_published(df):
    scope = dict(globals())
    for name, kind in zip(_inputs, _types):
        if name not in df:
            raise ValueError(f"the input '{name}' is missing")
        column = df[name]
        values = column.tolist() if hasattr(column, "tolist") else list(column)
        if kind == "vector":
            scope[name] = values
            continue
        if len(values) != 1:
            raise ValueError(f"the input '{name}' is {kind}: one value, not {len(values)}")
        convert = {"numeric": float, "integer": int, "logical": bool, "character": str}[kind]
        scope[name] = None if values[0] is None else convert(values[0])
    exec(_published, scope)
    left = {}
    for name in _outputs:
        if name not in scope:
            raise ValueError(f"the code leaves nothing in the output '{name}'")
        value = scope[name]
        is_many = hasattr(value, "__len__") and not isinstance(value, (str, bytes))
        left["output:" + name] = value if is_many else [value]
    return left
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
  const std::string code = member_text(body, "code"), runtime = member_text(body, "runtimeType");
  if (code.empty()) return Error{Code::invalid, "\"code\" must be the text of what runs for each request"};
  const bool is_python = batch::lower(runtime) == "python";
  if (!runtime.empty() && !is_python && batch::lower(runtime) != "r")
    return Error{Code::invalid, "\"runtimeType\" is '" + runtime.substr(0, 40) + "', must be R or Python"};
  SCORIA_TRY(inputs, read_parameters(body, "inputParameterDefinitions"));
  SCORIA_TRY(outputs, read_parameters(body, "outputParameterDefinitions"));
  if (inputs.empty() || outputs.empty()) {
    return Error{Code::invalid,
                 "\"inputParameterDefinitions\" and \"outputParameterDefinitions\" must each have one or more"};
  }
  const std::string file = is_python ? "published.py" : "published.R", init = member_text(body, "initCode");
  Publication publication;
  publication.request = {{"script", file},
                         {"runtime", is_python ? "python" : "r"},
                         {"function", is_python ? "answer_published" : ".answer_published"}};
  if (const std::string text = member_text(body, "description"); !text.empty())
    publication.request["description"] = text;
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
