#!/usr/bin/env python3
"""Warm workers: what they answer, how they end, what is left; `call-r` and `call-py` beside Rscript and python3, alone and as tasks of a pool.

usage: worker_test.py SCORIA FOLDER [--need-r]     without R its half says so and is left out; with --need-r that is a failure
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from cluster import IMAGE, Cluster, Steps, conclude, until
from worker_client import CALL, DONE, FAILED, LAST, RESET, SHARED, VALUE, Host, Refused, r_bytes, r_text

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
FOLDER = pathlib.Path(sys.argv[2]).resolve() / "worker"
HAS_R = shutil.which("Rscript") is not None
if "--need-r" in sys.argv and not HAS_R:
    sys.exit("worker_test: Rscript is not in PATH")
step = Steps()


def refusal(action):
    try:
        action()
    except Refused as error:
        return str(error)
    return "not refused"


def is_gone(pid):
    try:
        return open(f"/proc/{pid}/stat").read().split(") ")[1][0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def ended(worker):
    try:
        worker.receive()
    except EOFError:
        return True
    return False


shutil.rmtree(FOLDER, ignore_errors=True)
(FOLDER / "elsewhere").mkdir(parents=True)
os.chdir(FOLDER / "elsewhere")  # where somebody starts the host
pathlib.Path(".Rprofile").write_text("file.create('read')\n")
BASE = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(FOLDER), "TMPDIR": str(FOLDER)}
host = Host(PROGRAM, FOLDER / "run")
os.chdir(FOLDER)


def check_protocol():
    print("what the host refuses")
    python = {"runtime": "python", "environment": BASE}
    step("an unknown request", "\"op\" must be" in refusal(lambda: host.ask("sing")), refusal(lambda: host.ask("sing")))
    step("an unknown runtime", "r or python" in refusal(lambda: host.lease({"runtime": "perl"})))
    step("a package that is none", "template.preload" in refusal(lambda: host.lease({**python, "preload": ["a;b"]})))
    step("no number of workers", "\"count\"" in refusal(lambda: host.lease(python, 0)))
    step("too many workers", "\"count\"" in refusal(lambda: host.lease(python, 129)))
    step("a limit that there is not", "no limit \"lives\"" in refusal(lambda: host.lease(python, limits={"lives": 9})))
    step("somebody else's worker", "not_found" in refusal(lambda: host.ask("kill", id="python-999")))
    no_python = refusal(lambda: host.lease({"runtime": "python", "environment": {**BASE, "PATH": "/nowhere"}}))
    step("a machine without Python", "there is no Python here" in no_python and "/nowhere" in no_python, no_python)
    no_r = refusal(lambda: host.lease({"runtime": "r", "environment": {**BASE, "PATH": "/nowhere"}}))
    step("a machine without R", "there is no R here" in no_r and "install R" in no_r, no_r)
    broken = refusal(lambda: host.lease({**python, "program": "/bin/false"}))
    step("a runtime that does not start", "no worker can be had" in broken, broken)


def check_python():
    print("Python workers")
    template = {"runtime": "python", "preload": ["json", "no_such_module"], "environment": BASE}
    first, second = host.lease(template, 2)
    kind, flags, said = first.call(divmod, 7, 2)
    step("a call", (kind, flags, said["value"]) == (VALUE, 0, (3, 1)), said)
    step("what it writes, also from below Python", first.call(os.write, 1, b"low\n")[2]["output"] == "low\n")
    step("output is each call's own", first.call(print, "high")[2]["output"] == "high\n")
    import warnings
    step("warnings", first.call(warnings.warn, "careful")[2]["warnings"] == ["UserWarning: careful"])
    kind, _, said = first.call(int, "x")
    step("an error with its traceback", kind == FAILED and said["type"] == "ValueError" and "invalid literal" in said["traceback"], said)
    kind, flags, said = first.call(bytes, 3_000_000)
    step("a large answer comes in shared memory", flags & SHARED and said["value"] == bytes(3_000_000))
    step("and a large call goes in it", first.call(len, bytes(2_000_000), shared=True)[2]["value"] == 2_000_000)
    kind, _, said = first.call(open, os.devnull)
    step("what cannot be sent is said", kind == FAILED and "cannot be sent" in said["message"], said)
    step("and the worker lives on", first.call(abs, -1)[2]["value"] == 1)
    step("random numbers differ between workers", first.call(eval, "__import__('random').random()")[2]["value"] != second.call(eval, "__import__('random').random()")[2]["value"])

    first.call(os.putenv, "A", "b"), first.call(os.chdir, "/tmp")
    first.call(exec, "import scoria_worker; scoria_worker.state['k'] = 1; import os; os.environ['MARK'] = '1'; import __main__; __main__.x = 1")
    step("state lasts", first.call(eval, "__import__('scoria_worker').state")[2]["value"] == {"k": 1})
    first.send(RESET)
    step("a reset is answered", first.receive()[0] == DONE)
    step("and takes state, environment, directory and globals away",
         first.call(eval, "[__import__('scoria_worker').state, __import__('os').environ.get('MARK'), __import__('os').getcwd(), hasattr(__import__('__main__'), 'x')]")[2]["value"] == [{}, None, "/", False])

    print("how Python workers end")
    first.send(CALL, __import__("pickle").dumps((os._exit, (3,), {})))
    step("by leaving", ended(first) and host.end_of(first)["reason"] == "it ended by itself with status 3")
    second.send(CALL, __import__("pickle").dumps((exec, ("print('last words', flush=True); import ctypes; ctypes.string_at(0)",), {})))
    end = ended(second) and host.end_of(second)
    step("by a crash, with its last words", end["signal"] == signal.SIGSEGV and "Segmentation fault" in end["reason"] and "last words" in end["output"], end)
    step("of which is told once", "not_found" in refusal(lambda: host.end_of(second)))
    (looping,) = host.lease(template)
    looping.send(CALL, __import__("pickle").dumps((exec, ("while True: pass",), {})))
    time.sleep(0.2)
    host.ask("kill", id=looping.name)
    step("by its client", ended(looping) and host.end_of(looping)["signal"] == signal.SIGKILL)
    (small,) = host.lease(template, limits={"memory_bytes": 300 << 20, "calls": 2})
    kind, _, said = small.call(bytes, 1 << 30)
    step("not for want of memory: that is an error of the call", kind == FAILED and said["type"] == "MemoryError", said)
    step("after its share of calls, said before", small.call(abs, -1)[1] & LAST and ended(small))
    step("with status 0", host.end_of(small).get("status") == 0)


def check_r():
    print("R workers")
    template = {"runtime": "r", "preload": ["splines", "no.such.package"], "environment": BASE}
    calls = r_bytes("list(function(state, a, b) { cat('hello\\n'); system('echo below'); warning('careful'); a + b }, list(2, 3))",
                    "list(function(state) { f <- function(x) stop('bad ', x); f(1) }, list())",
                    "list(function(state) runif(3e5), list())",
                    "list(function(state) { state$k <- 1; x <<- 1; options(digits = 3, mine = 1); Sys.setenv(MARK = '1'); setwd('/tmp'); set.seed(1); library(splines); sink(tempfile()); file(tempfile(), 'w'); NULL }, list())",
                    "list(function(state) c(ls(state), ls(globalenv(), all.names = TRUE), getOption('digits'), is.null(getOption('mine')), Sys.getenv('MARK'), getwd(), 'package:splines' %in% search(), length(getAllConnections())), list())",
                    "list(function(state) isNamespaceLoaded('splines'), list())",
                    "list(function(state) runif(1), list())",
                    "list(function(state) q('no', 3), list())",
                    "list(function(state) { cat('last words\\n'); tools::pskill(Sys.getpid(), 11) }, list())",
                    "list(function(state) numeric(1e9), list())",
                    "list(function(state, x) sum(x), list(numeric(1e6) + 1))",
                    "list(function(state) repeat NULL, list())",
                    "list(function(state) library(no.such.package), list())")
    first, second = host.lease(template, 2)

    def ask(worker, index, shared=False):
        worker.send(CALL, calls[index], shared)
        return worker.receive()

    kind, flags, said = ask(first, 0)
    step("a call, with output and warnings", (kind, r_text(said, "x$value, gsub('\\n', ';', x$output), class(x$warnings[[1]])[1], conditionMessage(x$warnings[[1]])")) == (VALUE, "5|hello;below;|simpleWarning|careful"), r_text(said, "str(x)"))
    kind, _, said = ask(first, 1)
    step("an error with its calls", kind == FAILED and r_text(said, "conditionMessage(x$error), x$calls") == 'bad 1|f(1)|stop("bad ", x)', r_text(said, "conditionMessage(x$error), x$calls"))
    kind, flags, said = ask(first, 2)
    step("a large answer comes in shared memory", flags & SHARED and r_text(said, "length(x$value)") == "300000", r_text(said, "length(x$value)"))
    step("and a large call goes in it", r_text(ask(first, 10, shared=True)[2], "x$value") == "1e+06")
    step("preloaded packages are there", r_text(ask(first, 5)[2], "x$value") == "TRUE")
    ask(first, 3)
    first.send(RESET)
    step("a reset is answered", first.receive()[0] == DONE)
    left = r_text(ask(first, 4)[2], "x$value")
    step("and takes all away that the call left", left == "7|TRUE||/|FALSE|3", left)
    step("random numbers differ between workers", r_text(ask(first, 6)[2], "x$value") != r_text(ask(second, 6)[2], "x$value"))
    step("a missing package is an error of the call", "no.such.package" in r_text(ask(first, 12)[2], "conditionMessage(x$error)"))

    step("no template reads the profile of where it was started", not (FOLDER / "elsewhere" / "read").exists())

    print("how R workers end")
    first.send(CALL, calls[7])
    step("by q()", ended(first) and host.end_of(first)["reason"] == "it ended by itself with status 3")
    second.send(CALL, calls[8])
    end = ended(second) and host.end_of(second)
    step("by a crash, with its last words", end["signal"] == 11 and "last words" in end["output"] and "caught segfault" in end["output"], end)
    (small,) = host.lease(template, limits={"memory_bytes": 400 << 20})
    kind, _, said = ask(small, 9)
    step("not for want of memory: that is an error of the call", kind == FAILED and "cannot allocate" in r_text(said, "conditionMessage(x$error)"))
    small.send(CALL, calls[11])
    time.sleep(0.2)
    host.ask("kill", id=small.name)
    step("by its client", ended(small) and host.end_of(small)["signal"] == 9)
    began = time.monotonic()
    host.lease(template, 2)
    step(f"a fresh pair takes milliseconds ({(time.monotonic() - began) * 1e3:.1f})", time.monotonic() - began < 0.25)


def check_what_is_left():
    print("what is left")
    for number in range(9):
        host.ask("prepare", template={"runtime": "python", "environment": {**BASE, "NUMBER": str(number)}})
    step("six templates at most, where no worker needs more", len(host.ask("list")[0]["templates"]) <= 6)
    stray = pathlib.Path("/tmp/scoria-worker-4194303-1")  # of a host that was killed: no process has that number here
    stray.mkdir(exist_ok=True)
    (FOLDER / "other").mkdir(mode=0o700)
    other = dict(os.environ, XDG_RUNTIME_DIR=str(FOLDER / "other"))
    subprocess.run([PROGRAM, "workers", "start"], env=other, capture_output=True, check=True)
    subprocess.run([PROGRAM, "workers", "stop"], env=other, check=True)
    step("a host clears away what a killed one left", not stray.exists())
    templates = [{"runtime": "python", "environment": BASE}] + ([{"runtime": "r", "environment": BASE}] if HAS_R else [])
    workers = [worker for template in templates for worker in host.lease(template, 2)]
    listing = host.command("list")
    step("`workers list` shows them", all(str(worker.pid) in listing for worker in workers), listing)
    host.stream.close()
    step("a client that goes takes its workers along", until("their end", lambda: all(is_gone(worker.pid) for worker in workers), 10))
    host.connect()
    (worker,) = host.lease(templates[0])
    host.command("stop")
    pids = [worker.pid, host.started["pid"]]
    step("`workers stop` ends all", until("the end", lambda: all(is_gone(pid) for pid in pids), 10))
    left = [path.name for path in FOLDER.iterdir() if path.name.startswith(("scoria-worker", "Rtmp"))]
    left += [path.name for path in (FOLDER / "run" / "scoria").iterdir() if path.suffix == ".sock" or path.name.startswith(("in-", "out-"))]
    step("no temporary folder, output or socket stays", not left, left)


SCRIPTS = {
    "plain.R": "x <- 1:3\nx\nprint(commandArgs())\ncat(getwd() == Sys.getenv('PWD'), interactive(), ls(), '\\n')\ninvisible(file.create(tempfile()))\n",
    "warning.R": "f <- function() warning('careful')\nf()\nmessage('said')\nwarning('at the end')\n",
    "error.R": "f <- function(x) stop('bad ', x)\ncat('before\\n')\nf(1)\ncat('never\\n')\n",
    "quit.R": "reg.finalizer(globalenv(), function(e) cat('finalizer\\n'), onexit = TRUE)\nquit(status = 7)\n",
    "syntax.R": "x <- 1\nx <- (\n  2 3\n)\n",
    "library.R": "library(splines)\nprint(dim(bs(1:10, df = 4)))\nprint(search())\nset.seed(1); runif(2)\n",
    "last.R": ".Last <- function() cat('goodbye\\n')\ncat('no newline')",
    "plain.py": "import sys, os\nprint(sys.argv, __name__, os.path.basename(__file__), sys.flags.optimize)\nprint(sorted(n for n in globals() if not n.startswith('__')))\n",
    "error.py": "def f(x):\n    raise ValueError(f'bad {x}')\nprint('before')\nf(1)\n",
    "exit.py": "import atexit, sys\natexit.register(print, 'goodbye')\nsys.exit(7)\n",
    "message.py": "import sys\nsys.exit('what went wrong')\n",
    "syntax.py": "x = (1\ny = = 2\n",
    "class.py": "import pickle\nclass Thing: pass\nprint(type(pickle.loads(pickle.dumps(Thing()))), Thing.__module__)\n",
    "pool.py": "import multiprocessing\nif __name__ == '__main__':\n    with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, -2]))\n",
}


def known(text, folder):
    """Output without what differs between two runs of one program."""
    return re.sub(r"Rtmp\w+", "RtmpX", text.replace(str(folder), "FOLDER"))


def check_scripts():
    print("scripts beside Rscript and python3")
    scripts = FOLDER / "scripts"
    scripts.mkdir()
    names = [name for name in SCRIPTS if HAS_R or name.endswith(".py")]
    wanted = {}
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(scripts), "XDG_RUNTIME_DIR": str(FOLDER / "run")}
    for name in names:
        (scripts / name).write_text(SCRIPTS[name])
        words = [str(scripts / name), "one", "two words"]
        runtime, call = ("Rscript", "call-r") if name.endswith(".R") else ("python3", "call-py")
        theirs = subprocess.run([runtime, *words], cwd=scripts, env=dict(environment, PWD=str(scripts)), capture_output=True, text=True)
        ours = subprocess.run([PROGRAM, call, *words], cwd=scripts, env=dict(environment, PWD=str(scripts)), capture_output=True, text=True)
        wanted[name] = (theirs.returncode, theirs.stdout, theirs.stderr)
        step(f"{call} {name}", (ours.returncode, known(ours.stdout, scripts), known(ours.stderr, scripts)) == (theirs.returncode, known(theirs.stdout, scripts), known(theirs.stderr, scripts)),
             f"{ours} instead of {theirs}")

    print("the same as tasks, in forks of templates")
    folder = FOLDER / "cluster"
    folder.mkdir()
    cluster = Cluster(PROGRAM, folder, config="overcommit: 8\n")
    cluster.post("/pools", {"id": "p", "vmSize": "standard_a2_v2", "targetDedicatedNodes": 1, "taskSlotsPerNode": 2, "virtualMachineConfiguration": IMAGE})
    cluster.post("/jobs", {"id": "j", "poolInfo": {"poolId": "p"}})
    settings = [{"name": "LANG", "value": "C.UTF-8"}, {"name": "PWD", "value": "no folder"}]
    tasks = []
    for number, name in enumerate(names):
        call = "call-r" if name.endswith(".R") else "call-py"
        task = name.replace(".", "-")
        tasks.append((task, name))
        cluster.post("/jobs/j/tasks", {"id": task, "commandLine": f"scoria {call} {scripts / name} one \"two words\"", "environmentSettings": settings})
    cores = {"cores-py": "scoria call-py -c \"import os; print(os.cpu_count())\""}
    if HAS_R:
        (scripts / "cores.R").write_text("cat(parallel::detectCores(), '\\n')\nlibrary(parallel); cat(detectCores(), '\\n')\n")
        cores["cores-r"] = f"scoria call-r {scripts / 'cores.R'}"
    for task, line in cores.items():
        cluster.post("/jobs/j/tasks", {"id": task, "commandLine": line})

    def all_done():
        listed = cluster.get("/jobs/j/tasks")["value"]
        return all(task["state"] == "completed" for task in listed) and {task["id"]: task["executionInfo"]["exitCode"] for task in listed}

    codes = until("the tasks", all_done, 60)
    for task, name in tasks:
        place = next((folder / "data" / "nodes" / "p").glob(f"*/workitems/j/job-1/{task}"))
        code, out, err = wanted[name]
        got = (codes[task], known((place / "stdout.txt").read_text(), scripts), known((place / "stderr.txt").read_text(), scripts))
        step(f"task {name}", got == (code, known(out, scripts), known(err, scripts)), f"{got} instead of {(code, out, err)}")
    templates = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    step("templates made them", f"{folder}/data/nodes/p" in templates and "template.py" in templates)
    for task in cores:
        place = next((folder / "data" / "nodes" / "p").glob(f"*/workitems/j/job-1/{task}"))
        words = set((place / "stdout.txt").read_text().split())
        step(f"a task of one slot of two sees its share of the cores ({task})", words == {"1"}, words)
    cluster.end()


try:
    check_protocol()
    check_python()
    if HAS_R:
        check_r()
    else:
        print("R workers: skipped, there is no Rscript here")
    check_what_is_left()
    check_scripts()
finally:
    subprocess.run([PROGRAM, "workers", "stop"], env=host.environment)
conclude("worker_test", step.passed, step.failed, FOLDER)
