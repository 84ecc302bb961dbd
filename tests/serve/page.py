"""The page at / in Chromium: what is typed into its fields is what is sent, and the curl line that it shows gives the same answer in a shell.

Chromium asks a proxy, which adds to the page what types and presses the button, and keeps what comes of it.
"""

import http.server
import json
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request

from served import done, expected, records, step, url

TYPES = """<script>
const form = [...document.forms].find(one => one.dataset.path === 'services/forest/score');
for (const [name, text] of Object.entries(%s)) form.elements.namedItem(name).value = text;
form.requestSubmit();
</script>"""


class Proxy(http.server.BaseHTTPRequestHandler):
    typed, sent = {}, []

    def log_message(self, *_):
        pass

    def pass_on(self, body):
        kind = {"Content-Type": self.headers["Content-Type"]} if body is not None else {}
        try:
            reply = urllib.request.urlopen(urllib.request.Request(url + self.path, body, kind))
        except urllib.error.HTTPError as error:
            reply = error
        with reply:
            text = reply.read()
            if self.path == "/":
                text += (TYPES % json.dumps(self.typed)).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.headers.get("Content-Type", "text/plain"))
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    def do_GET(self):
        self.pass_on(None)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.sent.append(json.loads(body))
        self.pass_on(body)


proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
threading.Thread(target=proxy.serve_forever, daemon=True).start()


def shown(typed):
    """What was sent for these texts in the fields, and what the page then shows: its curl line and the answer."""
    Proxy.typed, Proxy.sent[:] = typed, []
    with tempfile.TemporaryDirectory() as profile:
        ran = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--virtual-time-budget=10000", "--dump-dom",
                              f"http://127.0.0.1:{proxy.server_port}/"], capture_output=True, text=True, timeout=120)
    text = ran.stdout.split('data-path="services/forest/score"')[1].split("<pre", 1)[1].split(">", 1)[1].split("</pre>")[0]
    for name, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(name, character)
    assert len(Proxy.sent) == 1, (Proxy.sent, ran.stderr[-2000:])
    line, _, answer = text.partition("\n\n")
    assert line.startswith("curl "), text
    return Proxy.sent[0]["df"][0], line, answer


def in_shell(line):
    return json.loads(subprocess.run(["sh", "-c", line.replace("curl", "curl -sS --noproxy '*'", 1)], capture_output=True, text=True, check=True, timeout=60).stdout)


NUMBER = next(name for name, value in records[0].items() if isinstance(value, float))
ROW = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in records[0].items()}


@step("numbers and logical values give what R predicts, and what is empty is missing")
def _():
    sent, line, answer = shown(ROW)
    assert sent[NUMBER] == records[0][NUMBER], sent
    assert in_shell(line) == json.loads(answer) == expected("forest")[:1], (line, answer)
    assert shown(dict(ROW, **{NUMBER: ""}))[0][NUMBER] is None


@step("a number with a comma is sent as it was typed, and refused")
def _():
    sent, _, answer = shown(dict(ROW, **{NUMBER: "6,5"}))
    assert sent[NUMBER] == "6,5", sent
    assert "6,5" in answer and NUMBER in answer, answer


@step("the curl line holds an apostrophe")
def _():
    sent, line, answer = shown(dict(ROW, **{NUMBER: "it's"}))
    assert sent[NUMBER] == "it's", sent
    assert in_shell(line)["errors"][0]["value"] == "it's", line
    assert "it's" in answer, answer


done()
