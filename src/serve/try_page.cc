#include "serve/try_page.h"

#include <nlohmann/json.hpp>

#include "serve/answer.h"

namespace scoria::serve {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

constexpr const char* kHead =
    R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Models</title><style>
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin:2rem 0 .3rem}code,textarea,pre,input{font:13px/1.45 ui-monospace,monospace}
table{border-collapse:collapse;margin:.5rem 0}th,td{text-align:left;padding:.15rem .8rem .15rem 0;vertical-align:top}th{font-weight:600;color:#57606a}
input,select{width:11rem;padding:.15rem .3rem}button{padding:.35rem 1rem;margin:.5rem 0}pre{background:#f6f8fa;padding:.7rem;white-space:pre-wrap;min-height:1.5em}
.bad{color:#b42318}small{color:#57606a}</style></head><body><h1>Models served here</h1>
<p><a href="openapi.json">openapi.json</a> · <a href="metrics">metrics</a></p>
)";

constexpr const char* kScript = R"(<script>
// What is no number goes as it was typed, for the server to say what is wrong with it; only what is empty is missing.
const isNumber = text => /^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$/.test(text) && Number.isFinite(Number(text));
const valueOf = field => field.value === '' ? null : field.dataset.number && isNumber(field.value.trim()) ? Number(field.value) : field.value;
const quoted = text => "'" + text.replaceAll("'", "'\\''") + "'";
const parsed = text => { try { return JSON.parse(text); } catch (e) { return text; } };
for (const form of document.forms) form.addEventListener('submit', async event => {
  event.preventDefault();
  const row = {};
  for (const field of form.elements) if (field.name) row[field.name] = field.dataset.json ? parsed(field.value) : valueOf(field);
  const out = form.querySelector('pre');
  const body = JSON.stringify({df: [row]});
  const reply = await fetch(form.dataset.path, {method: 'POST', headers: {'Content-Type': 'application/json'}, body});
  const text = await reply.text();
  out.className = reply.ok ? '' : 'bad';
  let shown = text;
  if (!reply.ok) try { shown = JSON.parse(text).errors.map(e => e.message).join('\n'); } catch (e) {}
  out.textContent = "curl -H 'Content-Type: application/json' -d " + quoted(body) + ' ' + location.origin + '/' + form.dataset.path + '\n\n' + shown;
});
</script></body></html>
)";

// Of published code: texts as they are, all else as JSON ("[1, 2]").
std::string input_fields(const Signature& signature) {
  std::string fields;
  const auto example = example_inputs(signature);
  for (const auto& [name, type] : signature.inputs) {
    fields += "<tr><th><label>" + escaped(name) + " <small>" + escaped(type) +
              "</small></label></th><td><input name=\"" + escaped(name) + "\" aria-label=\"" + escaped(name) + "\"";
    if (type != "character") fields += " data-json=\"1\" value=\"" + escaped(example[name].dump()) + "\"";
    fields += "></td></tr>\n";
  }
  return fields;
}

}  // namespace

std::string try_page(const Catalog::Services& services) {
  std::string page = kHead;
  for (const Service& service : services) {
    const auto& model = service.main();
    if (!model->takes_rows()) {
      page += "<h2>" + escaped(model->service()) + " <small>" + escaped(model->version()) + "</small></h2><p>" +
              escaped(model->description().title) + ": <a href=\"services/" + escaped(model->service()) +
              "/openapi.json\">its own openapi.json</a></p>\n";
      continue;
    }
    const auto& about = model->description();
    const std::string name = escaped(model->service());
    page += "<h2>" + name + " <small>" + escaped(model->version()) + "</small></h2><p>" + escaped(about.title) +
            "</p>\n<form data-path=\"services/" + name + "/score\"><table>\n";
    if (model->signature() != nullptr) page += input_fields(*model->signature());
    for (const auto& feature : about.features) {
      const bool is_number = feature.kind == model::FeatureKind::number || feature.kind == model::FeatureKind::logical;
      page += "<tr><th><label>" + escaped(feature.name) + "</label></th><td>";
      if (is_number || feature.levels.empty()) {
        page += "<input name=\"" + escaped(feature.name) + "\"" +
                (is_number ? " data-number=\"1\" inputmode=\"decimal\" value=\"0\"" : "") + " aria-label=\"" +
                escaped(feature.name) + "\">";
      } else {
        page += "<select name=\"" + escaped(feature.name) + "\" aria-label=\"" + escaped(feature.name) + "\">";
        for (const auto& level : feature.levels) page += "<option>" + escaped(level) + "</option>";
        page += "</select>";
      }
      page += "</td></tr>\n";
    }
    page += "</table><button>Predict</button><pre></pre></form>\n";
  }
  return page + kScript;
}

}  // namespace scoria::serve
