#!/usr/bin/env python3
"""The program is replaced on disk while tasks run: by a server's clean stop and start, by kill -9, and under a keeper. Tasks run through, once each.

usage: tests/e2e/upgrade_test.py SCORIA
"""
import os
import pathlib
import shutil
import signal
import sys
import tempfile

from cluster import API, IMAGE, Cluster, conclude, until

TASK = "sh -c 'echo $AZ_BATCH_TASK_ID >> {runs}/began; sleep {seconds}; echo $AZ_BATCH_TASK_ID >> {runs}/ended'"


class Test:
    def __init__(self, program, folder):
        self.passed, self.failed, self.source, self.version = 0, [], program, 1
        self.installed = folder / "bin" / "scoria"
        self.installed.parent.mkdir()
        shutil.copy2(program, self.installed)
        self.cluster = Cluster(self.installed, folder)

    def check(self, what, holds, found=""):
        self.passed += bool(holds)
        if not holds:
            self.failed.append(what)
        print(f"{'ok   ' if holds else 'FAIL '} {what}{'' if holds else f': {found}'}", flush=True)

    def upgrade(self):
        """As a package does it: another file under the same name."""
        self.version += 1
        fresh = self.installed.with_suffix(".new")
        shutil.copy2(self.source, fresh)
        with open(fresh, "ab") as file:
            file.write(b"version %d" % self.version)
        os.rename(fresh, self.installed)

    def add(self, name, seconds):
        self.cluster.post("/jobs/j/tasks", {"id": name, "commandLine": TASK.format(runs=self.cluster.runs, seconds=seconds)})

    def lines(self, name):
        path = self.cluster.runs / name
        return path.read_text().split() if path.exists() else []

    def until_began(self, *names):
        until("tasks to begin", lambda: set(names) <= set(self.lines("began")), 30)

    def end_of(self, name):
        return until(f"{name} to end", lambda: (task := self.cluster.get(f"/jobs/j/tasks/{name}"))["state"] == "completed" and task, 60)["executionInfo"]

    def program_of(self, word):
        """Which file a process of ours runs: the one that is installed, or one that was replaced."""
        pids = until(f"one {word}", lambda: len(found := list(self.cluster.processes(word))) == 1 and found, 30)
        program = os.readlink(f"/proc/{pids[0]}/exe")
        return pids[0], "replaced" if program.endswith("(deleted)") else "installed"

    def restart(self, how):
        self.cluster.server.send_signal(how)
        self.cluster.server.wait(30)
        self.cluster.start()
        until("the server", self.serves, 30)

    def serves(self):
        try:
            return self.cluster.call("GET", f"/pools?{API}")[0] == 200
        except OSError:
            return False

    def run(self):
        cluster = self.cluster
        cluster.post("/pools", {"id": "p", "vmSize": "standard_a1_v2", "targetDedicatedNodes": 1, "taskSlotsPerNode": 3, "virtualMachineConfiguration": IMAGE})
        cluster.post("/jobs", {"id": "j", "poolInfo": {"poolId": "p"}})
        self.add("through1", 6)
        self.add("through2", 12)
        self.until_began("through1", "through2")
        keeper, _ = self.program_of("keeper")

        self.upgrade()
        self.restart(signal.SIGTERM)
        until("an agent of the new program", lambda: self.program_of("agent")[1] == "installed", 30)
        self.check("after a clean stop the agent is new, and the keeper the old one", self.program_of("keeper") == (keeper, "replaced"), self.program_of("keeper"))
        self.add("after1", 0)
        self.check("the old keeper runs what the new agent tells it", self.end_of("after1").get("exitCode") == 0, self.end_of("after1"))
        self.check("what ran before ends well", self.end_of("through1").get("exitCode") == 0, self.end_of("through1"))

        self.upgrade()
        os.kill(self.program_of("agent")[0], signal.SIGKILL)
        self.restart(signal.SIGKILL)
        until("an agent of the newest program", lambda: self.program_of("agent")[1] == "installed", 30)
        self.check("after kill -9, two versions later, the same keeper is there", self.program_of("keeper")[0] == keeper, self.program_of("keeper"))
        self.check("what ran through both ends well", self.end_of("through2").get("exitCode") == 0, self.end_of("through2"))

        # An agent whose own program was replaced starts the next keeper from the one that it runs itself.
        self.upgrade()
        agent, which = self.program_of("agent")
        self.check("an agent goes on when its program is replaced", which == "replaced", which)
        os.kill(keeper, signal.SIGKILL)
        self.add("after2", 0)
        self.check("it runs tasks by a new keeper", self.end_of("after2").get("exitCode") == 0 and self.program_of("keeper")[0] != keeper, self.end_of("after2"))
        self.check("and is the same agent", self.program_of("agent")[0] == agent)

        names = ["through1", "through2", "after1", "after2"]
        self.check("each task ran once", sorted(self.lines("began")) == sorted(self.lines("ended")) == sorted(names), (self.lines("began"), self.lines("ended")))
        errors = [line for line in cluster.log_lines(" error ")]
        self.check("the server logged no error", not errors, errors[:3])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="scoria-upgrade-"))
    test = Test(pathlib.Path(sys.argv[1]).resolve(), folder)
    try:
        test.run()
    except (TimeoutError, RuntimeError) as error:
        test.check(str(error), False)
    finally:
        test.cluster.end()
    conclude("upgrade", test.passed, len(test.failed), folder)


if __name__ == "__main__":
    main()
