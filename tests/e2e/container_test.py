#!/usr/bin/env python3
"""Container tasks by a real podman: images from a registry with passwords, prefetch, limits, kills, an agent that dies.

usage: tests/e2e/container_test.py SCORIA
Needs root, podman, docker-registry, htpasswd and busybox (`make test-containers` installs them); else it says what is missing and is skipped.
Images, containers and the registry are in a folder of its own; ports are free ones.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

from cluster import API, Cluster, free_port

IMAGE = {"imageReference": {"publisher": "p", "offer": "o", "sku": "s"}, "nodeAgentSKUId": "n"}
PASSWORD = "s3cret:with=signs"
NAMES = "sh cat sleep echo env pwd tail ls hostname".split()


def find(*names):
    for name in names:
        if path := shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return path
    return None


def require():
    missing = [name for name in ("podman", "docker-registry", "htpasswd", "busybox") if not find(name)]
    if os.geteuid() != 0:
        missing.append("root's rights")
    if missing:
        print("skipped: container tasks are not tested without " + ", ".join(missing))
        sys.exit(77)


class Containers:
    """podman with storage of its own, and a registry that asks for a password."""

    def __init__(self, folder):
        self.options = [f"--root={folder}/graph", f"--runroot={folder}/run"]
        self.folder, self.port = folder, free_port()
        self.registry = f"127.0.0.1:{self.port}"
        (folder / "registry.yml").write_text(
            f'version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder}/registry}}}}\n'
            f'http: {{addr: "{self.registry}"}}\nauth: {{htpasswd: {{realm: test, path: {folder}/htpasswd}}}}\n')
        subprocess.run([find("htpasswd"), "-Bbc", folder / "htpasswd", "bob", PASSWORD], check=True, capture_output=True)
        log = open(folder / "registry.log", "w")
        self.server = subprocess.Popen([find("docker-registry"), "serve", folder / "registry.yml"], stdout=log, stderr=log)
        self.run("import", "--change", 'CMD ["/bin/echo","the image speaks"]', "--change", "ENV PATH=/bin", "--change", "WORKDIR /opt",
                 self.tar("marker one"), "localhost/one:1")
        self.push("one")
        self.push("two")

    def tar(self, marker):
        root = self.folder / "rootfs"
        for part in ("bin", "tmp", "etc", "opt"):
            (root / part).mkdir(parents=True, exist_ok=True)
        shutil.copy(find("busybox"), root / "bin/busybox")
        for name in NAMES:
            (root / "bin" / name).symlink_to("busybox")
        (root / "etc/marker").write_text(marker + "\n")
        subprocess.run(["tar", "-C", root, "-cf", self.folder / "rootfs.tar", "."], check=True)
        return str(self.folder / "rootfs.tar")

    def push(self, name):
        """To the registry alone, not under its name there to podman's own images."""
        image = f"docker://{self.registry}/lab/{name}:1"
        for attempt in range(50):  # the registry may be about to listen
            pushed = subprocess.run(["podman", *self.options, "push", "--quiet", "--tls-verify=false", f"--creds=bob:{PASSWORD}", "localhost/one:1", image],
                                    capture_output=True, text=True)
            if pushed.returncode == 0:
                break
            time.sleep(0.1)
        else:
            raise RuntimeError("push: " + pushed.stderr)

    def run(self, *arguments):
        return subprocess.run(["podman", *self.options, *arguments], check=True, capture_output=True, text=True).stdout

    def has(self, name):
        return subprocess.run(["podman", *self.options, "image", "exists", f"{self.registry}/lab/{name}:1"]).returncode == 0

    def left(self):
        return [line for line in self.run("ps", "--all", "--format", "{{.Names}} {{.Status}}").splitlines() if line.startswith("scoria-")]


class Test:
    def __init__(self, program, folder):
        self.failed, self.passed = [], 0
        self.containers = Containers(folder)
        registry = self.containers.registry
        options = ", ".join(f"'{option}'" for option in self.containers.options)
        config = (f"overcommit: 8\ntask_limits: memory_and_cpu\npodman_options: [{options}]\n"
                  f"sizes: {{small: {{cores: 1, memory: 256MB}}}}\n"
                  f"images: {{team/alias: '{registry}/lab/one:1', team/onhost: host}}\n")
        self.cluster = Cluster(program, folder, config)
        self.registry = {"registryServer": registry, "username": "bob", "password": "secret:registry"}
        made = subprocess.run([program, "secret", "set", "registry", "--data", self.cluster.data], input=PASSWORD, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr

    def call(self, method, path, body=None):
        content = self.cluster.until_answered(method, path, body)
        return json.loads(content) if content else None

    def until(self, what, condition, seconds=90):
        end = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > end:
                raise TimeoutError(f"waited {seconds} s in vain for {what}")
            time.sleep(0.05)
        return found

    def check(self, claim, holds, seen=""):
        if holds:
            self.passed += 1
            print(f"ok    {claim}", flush=True)
        else:
            self.failed.append(claim)
            print(f"FAIL  {claim}: {seen}", flush=True)

    def add_pool(self, name, containers=None, slots=4):
        machine = dict(IMAGE, containerConfiguration=containers) if containers else IMAGE
        self.call("POST", f"/pools?{API}", {"id": name, "vmSize": "small", "targetDedicatedNodes": 1, "taskSlotsPerNode": slots, "virtualMachineConfiguration": machine})

    def node(self, pool):
        nodes = self.call("GET", f"/pools/{pool}/nodes?{API}")["value"]
        return nodes[0] if nodes else {"state": "none"}

    def node_until(self, pool, *states):
        return self.until(f"node of {pool} to be {states}", lambda: (n := self.node(pool))["state"] in states and n)

    def add(self, task, command, image="one", job="j", more=None, **settings):
        settings.setdefault("imageName", f"{self.containers.registry}/lab/{image}:1")
        self.call("POST", f"/jobs/{job}/tasks?{API}", {"id": task, "commandLine": command, "containerSettings": settings, **(more or {})})

    def task(self, task, job="j"):
        return self.call("GET", f"/jobs/{job}/tasks/{task}?{API}")

    def until_state(self, task, state, job="j"):
        return self.until(f"task {task} to be {state}", lambda: (t := self.task(task, job))["state"] == state and t)

    def finish(self, *arguments, job="j", **named):
        self.add(*arguments, job=job, **named)
        return self.until_state(arguments[0], "completed", job)["executionInfo"]

    def file(self, task, name, job="j"):
        status, content = self.cluster.call("GET", f"/jobs/{job}/tasks/{task}/files/{urllib.parse.quote(name)}?{API}")
        return content.decode() if status == 200 else f"({status})"

    def output_until(self, task, text):
        self.until(f"'{text}' in the output of {task}", lambda: text in self.file(task, "stdout.txt"))

    def prefetch(self):
        self.add_pool("p", {"type": "dockerCompatible", "containerImageNames": [f"{self.containers.registry}/lab/one:1"], "containerRegistries": [self.registry]})
        self.call("POST", f"/jobs?{API}", {"id": "j", "poolInfo": {"poolId": "p"}})
        self.node_until("p", "idle", "unusable", "running")
        self.check("a pool's images are there when its node is idle", self.node("p")["state"] != "unusable" and self.containers.has("one"), self.node("p"))
        self.add_pool("late", {"containerImageNames": [f"{self.containers.registry}/lab/late:1"], "containerRegistries": [self.registry]})
        node = self.node_until("late", "unusable", "idle")
        error = (node.get("errors") or [{}])[0]
        self.check("an image that is missing makes the node unusable and is named in its errors",
                   node["state"] == "unusable" and error.get("code") == "ContainerInvalidImage" and "lab/late:1" in error.get("message", ""), node)
        self.containers.push("late")
        self.call("POST", f"/pools/late/nodes/{node['id']}/reboot?{API}", {})
        node = self.node_until("late", "idle")
        self.check("a reboot fetches it again", self.containers.has("late") and not node.get("errors"), node)

    def inside(self):
        info = self.finish("plain", "sh -c 'cat /etc/marker; echo $AZ_BATCH_TASK_ID $GREETING; pwd; echo $PATH; echo data > made.txt; echo to shared > $AZ_BATCH_NODE_SHARED_DIR/f; echo oops >&2; exit 3'",
                           more={"environmentSettings": [{"name": "GREETING", "value": "hello\nworld"}]})
        out = self.file("plain", "stdout.txt")
        self.check("a task's exit code is its container's", info.get("exitCode") == 3 and info["failureInfo"]["code"] == "FailureExitCode", info)
        self.check("it runs in the image", out.startswith("marker one\n") and "\n/bin\n" in out, out)
        self.check("with its environment", "plain hello world" in out, out)
        self.check("in its working directory", "/plain/wd\n" in out, out)
        self.check("what it writes to standard error is in stderr.txt", self.file("plain", "stderr.txt") == "oops\n", self.file("plain", "stderr.txt"))
        self.check("its files are the node's", self.file("plain", "wd/made.txt") == "data\n", self.file("plain", "wd/made.txt"))
        self.check("its container is named", info.get("containerInfo", {}).get("containerId", "").startswith("scoria-"), info)
        self.finish("shared", "sh -c 'cat $AZ_BATCH_NODE_SHARED_DIR/f /mnt/batch/tasks/shared/f'")
        self.check("the node's folders are there, also under Azure's own path", self.file("shared", "stdout.txt") == "to shared\n" * 2, self.file("shared", "stdout.txt"))
        self.finish("image", "")
        self.check("an empty command line runs the image's", self.file("image", "stdout.txt") == "the image speaks\n", self.file("image", "stderr.txt"))
        self.finish("where", "pwd", workingDirectory="containerImageDefault")
        self.check("containerImageDefault is the image's directory", self.file("where", "stdout.txt") == "/opt\n", self.file("where", "stdout.txt"))
        self.finish("options", "sh -c 'echo $EXTRA; ls -d /scratch; ls /sys/class/net'", containerRunOptions="--env EXTRA=yes --tmpfs /scratch --network none")
        self.check("containerRunOptions count", self.file("options", "stdout.txt") == "yes\n/scratch\nlo\n", self.file("options", "stdout.txt") + self.file("options", "stderr.txt"))
        self.finish("alias", "cat /etc/marker", imageName="team/alias")
        self.check("an alias stands for its image", self.file("alias", "stdout.txt") == "marker one\n", self.file("alias", "stderr.txt"))
        info = self.finish("onhost", "sh -c 'test ! -e /etc/marker'", imageName="team/onhost")
        self.check("an alias of host runs on the host", info.get("exitCode") == 0 and "containerInfo" not in info, info)
        url = f"{self.cluster.blob_url.rstrip('/')}/results?{self.sas()}"
        self.finish("output", "sh -c 'echo result > out.txt'", more={"outputFiles": [{"filePattern": "out.txt", "destination": {"container": {"containerUrl": url, "path": "r/out"}},
                                                                                     "uploadOptions": {"uploadCondition": "taskcompletion"}}]})
        status, content = self.cluster.call("GET", f"/{self.cluster.name}/results/r/out", headers={"x-ms-version": "2021-12-02"})
        self.check("its output files are uploaded", status == 200 and content == b"result\n", (status, content))

    def sas(self):
        common = ["--data", self.cluster.data]
        subprocess.run([self.cluster.program, "blob", "create-container", "results", *common], check=True, capture_output=True)
        made = subprocess.run([self.cluster.program, "blob", "url", "results", "--permissions", "rwl", *common], check=True, capture_output=True, text=True)
        return made.stdout.strip().split("?")[1]

    def refusals(self):
        self.add_pool("q")
        self.call("POST", f"/jobs?{API}", {"id": "q", "poolInfo": {"poolId": "q"}})
        own = {key: self.registry[key] for key in ("registryServer", "username")}
        info = self.finish("open", "true", image="two", job="q")
        failure = info.get("failureInfo", {})
        details = {detail["name"]: detail["value"] for detail in failure.get("details", [])}
        self.check("a registry that wants a password refuses who has none, as on Azure",
                   failure.get("code") == "ContainerInvalidImage" and failure.get("category", "").lower() == "usererror" and "exitCode" not in info
                   and details.get("ContainerImage", "").endswith("lab/two:1") and "Message" in details, info)
        info = self.finish("wrong", "true", image="two", job="q", registry={**own, "password": "wrong"})
        self.check("a wrong password is refused", info.get("failureInfo", {}).get("code") == "ContainerInvalidImage", info)
        info = self.finish("nosecret", "true", image="two", job="q", registry={**own, "password": "secret:unheardof"})
        self.check("a secret that is not there is named", info.get("failureInfo", {}).get("code") == "SecretNotFound" and "unheardof" in info["failureInfo"]["message"], info)
        info = self.finish("right", "echo in", image="two", job="q", registry=self.registry)
        self.check("the task's own credentials do", info.get("exitCode") == 0, info)
        info = self.finish("missing", "true", image="nothing", job="q", registry=self.registry)
        self.check("an image that is missing is named", "lab/nothing:1" in info.get("failureInfo", {}).get("message", ""), info)
        info = self.finish("detached", "true", containerRunOptions="-d")
        self.check("options that hide a container are refused", info.get("failureInfo", {}).get("code") == "ContainerInvalidSettings", info)
        info = self.finish("bad", "true", containerRunOptions="--nosuch")
        self.check("what podman refuses is told", info.get("failureInfo", {}).get("code") == "ContainerInvalidSettings" and "--nosuch" in info["failureInfo"]["message"], info)
        info = self.finish("noprogram", "nosuchprogram")
        self.check("a program that the image lacks is named", info.get("failureInfo", {}).get("code") == "CommandProgramNotFound", info)
        leaked = subprocess.run(["grep", "-rlF", PASSWORD, self.cluster.data / "nodes"], capture_output=True, text=True).stdout
        self.check("no password stays on a node", not leaked, leaked)

    def limits(self):
        # A slot's share: 64 MB of 256.
        info = self.finish("greedy", "sh -c 'tail /dev/zero'")
        self.check("a container beyond its slot's share of memory ends with 137", info.get("exitCode") == 137, info)
        self.finish("bounds", "sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null'")
        self.check("its limit is that share", self.file("bounds", "stdout.txt").strip() == str(64 << 20), self.file("bounds", "stdout.txt"))
        self.call("POST", f"/jobs/j/tasks?{API}", {"id": "hog", "commandLine": "tail /dev/zero"})
        info = self.until_state("hog", "completed")["executionInfo"]
        self.check("a task without a container is held to it, too", info.get("exitCode") not in (0, None), info)

    def kills(self):
        # sh is process 1 of its container and does as it likes with SIGTERM: only SIGKILL ends it.
        stubborn = "sh -c 'trap : TERM; echo up; while :; do sleep 1; done'"
        self.add("slow", stubborn, more={"constraints": {"maxWallClockTime": "PT2S"}})
        info = self.until_state("slow", "completed")["executionInfo"]
        self.check("a wall clock limit ends a container", "failureInfo" in info and not self.containers.left(), (info, self.containers.left()))
        self.add("told", stubborn)
        self.output_until("told", "up")
        self.check("output can be read while it runs", self.task("told")["state"] == "running")
        self.call("POST", f"/jobs/j/tasks/told/terminate?{API}")
        self.until_state("told", "completed")
        self.until("its container to go", lambda: not self.containers.left(), 30)
        self.check("terminating a task leaves no container", True)
        polite = "sh -c 'trap \"echo bye; exit 7\" TERM; echo up; while :; do sleep 0.1; done'"
        self.add("polite", polite)
        self.output_until("polite", "up")
        self.call("POST", f"/jobs/j/tasks/polite/terminate?{API}")
        self.until_state("polite", "completed")
        self.until("its last word", lambda: "bye" in self.file("polite", "stdout.txt"), 20)
        self.check("a container hears SIGTERM first", True)

        self.add("kept", "sh -c 'echo start >> $AZ_BATCH_NODE_SHARED_DIR/starts; echo up; while [ ! -e $AZ_BATCH_NODE_SHARED_DIR/go ]; do sleep 0.1; done; exit 5'")
        self.output_until("kept", "up")
        before = self.cluster.processes("agent")
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        self.until("new agents", lambda: len(set(self.cluster.processes("agent")) - set(before)) >= len(before))
        (self.shared("p") / "go").write_text("")
        info = self.until_state("kept", "completed")["executionInfo"]
        self.check("an agent that comes back finds its container, and its exit code", info.get("exitCode") == 5 and info.get("requeueCount", 0) == 0, info)
        self.check("which ran once", (self.shared("p") / "starts").read_text() == "start\n")

        self.add("last", stubborn)
        self.output_until("last", "up")
        self.call("DELETE", f"/pools/p?{API}")
        self.until("the pool's containers to go", lambda: not self.containers.left(), 60)
        self.check("a deleted pool leaves no container", True)

    def shared(self, pool):
        found = [path for path in (self.cluster.data / "nodes").glob(f"{pool}/*/shared")]
        assert len(found) == 1, found
        return found[0]

    def end(self):
        for pool in ("p", "q", "late"):
            self.cluster.call("DELETE", f"/pools/{pool}?{API}")
        try:
            self.until("nodes to go", lambda: not {**self.cluster.processes("agent"), **self.cluster.processes("keeper")}, 30)
        finally:
            self.cluster.server.terminate()
            self.cluster.server.wait(30)


def main():
    require()
    program = str(pathlib.Path(sys.argv[1]).resolve())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="scoria-ctr-"))
    test = None
    try:
        test = Test(program, folder)
        for part in (test.prefetch, test.inside, test.refusals, test.limits, test.kills):
            try:
                part()
            except (TimeoutError, RuntimeError, AssertionError, KeyError) as error:
                test.check(f"{part.__name__} goes through", False, repr(error))
        test.end()
    finally:
        if test:
            test.containers.server.kill()
            if test.cluster.server.poll() is None:
                test.cluster.server.kill()
            for word in ("agent", "keeper"):
                for pid in test.cluster.processes(word):
                    os.kill(pid, signal.SIGKILL)
            subprocess.run(["podman", *test.containers.options, "rm", "--all", "--force", "--time", "0"], capture_output=True)
            subprocess.run(["umount", "-l", folder / "graph/overlay"], capture_output=True)
    if test.failed:
        print(f"see {folder}", file=sys.stderr)
        print(f"containers: {test.passed} passed, {len(test.failed)} failed")
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)
    print(f"containers: {test.passed} passed, 0 failed")


if __name__ == "__main__":
    main()
