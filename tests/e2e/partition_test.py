#!/usr/bin/env python3
"""Machines that joined a pool, cut off from their server in network namespaces: both ways, one way, for long and for short, with loss, with delay.

usage: tests/e2e/partition_test.py SCORIA [--rounds N] [--seed N] [--folder DIR]

Without --rounds all kinds at the same time, once (40 s). With them, also N rounds of random faults under load. What is checked:
  - a node that is silent for 15 s is lost, not much later, and not earlier; its tasks run again elsewhere
  - what it says late is refused: results and outputs are those of the attempt that the server counts, and stay so
  - what it still runs of what others were given is ended when it hears of the server again
  - it comes back by itself, and works again
  - shorter silence, lost packets and slow links cost nothing: no task runs again
As root, with iproute2 and iptables; exits with 77 where it cannot.
"""
import argparse
import asyncio
import collections
import contextlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from cluster import API, Cluster, conclude, until

LOST_AFTER, LATEST = 15, 23  # seconds: as promised; what the server may have held, and a busy machine, come on top
CUT, BRIEF = 24, 6  # a lease of 12 s outlives the latter: it is renewed every 1.5 s, and an answer is given up after 4 more
SLOTS = 3
TASK = ("sh -c 'f={runs}/$AZ_BATCH_JOB_ID.$AZ_BATCH_TASK_ID; a=$AZ_BATCH_TASK_ATTEMPT; if [ -e $f ]; then s=0.2; else s={seconds}; fi; read t x </proc/uptime; "
        "echo start $a $AZ_BATCH_NODE_ID $t >> $f; {live}; echo $AZ_BATCH_TASK_ID $a > out.txt; read t x </proc/uptime; echo end $a $AZ_BATCH_NODE_ID $t >> $f'")

SLEEP = "sleep $s"
TICK = "i=0; while [ $i -lt {ticks} ]; do i=$((i+1)); sleep 0.1; read t x </proc/uptime; echo alive $a $AZ_BATCH_NODE_ID $t >> $f; done"


def uptime():
    return float(pathlib.Path("/proc/uptime").read_text().split()[0])


def run(*command, check=True):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if check and done.returncode != 0:
        raise OSError(f"{' '.join(map(str, command))}: {done.stderr}")
    return done


class Network:
    """A bridge with a namespace for each machine; this process is on it as .254 and .253."""

    def __init__(self):
        self.tag, self.subnet = os.getpid() % 100_000, f"198.18.{os.getpid() % 250}"
        self.bridge, self.machines = f"sc{self.tag}", []
        run("ip", "link", "add", self.bridge, "type", "bridge")
        self.here = [f"{self.subnet}.254", f"{self.subnet}.253"]
        for address in self.here:
            run("ip", "addr", "add", f"{address}/24", "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")

    def add(self, number):
        name, outer = f"scoria-{self.tag}-{number}", f"sc{self.tag}v{number}"
        run("ip", "netns", "add", name)
        self.machines.append((name, outer))
        run("ip", "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", outer, "master", self.bridge, "up")
        run("ip", "-n", name, "addr", "add", f"{self.subnet}.{number}/24", "dev", "eth0")
        run("ip", "-n", name, "link", "set", "eth0", "up")
        run("ip", "-n", name, "link", "set", "lo", "up")
        return Machine(name, outer, f"{self.subnet}.{number}")

    def end(self):
        for name, outer in self.machines:
            run("ip", "netns", "del", name, check=False)
        run("ip", "link", "del", self.bridge, check=False)


class Machine:
    def __init__(self, name, outer, ip):
        self.name, self.outer, self.ip = name, outer, ip
        # Not `ip netns exec`, which mounts another /sys.
        self.within = ["nsenter", f"--net=/run/netns/{name}"]

    def cut(self):
        run("ip", "link", "set", self.outer, "down")

    def drop_incoming(self, probability=None):
        often = ["-m", "statistic", "--mode", "random", "--probability", probability] if probability else []
        run(*self.within, "iptables", "-A", "INPUT", "-i", "eth0", *often, "-j", "DROP")

    def drop_outgoing(self, server):
        run(*server.within, "iptables", "-A", "INPUT", "-s", self.ip, "-j", "DROP")

    def go_by(self, relay, ip, port):
        """What it sends to the server goes to a relay instead."""
        run(*self.within, "iptables", "-t", "nat", "-A", "OUTPUT", "-p", "tcp", "-d", ip, "--dport", port, "-j", "DNAT", "--to-destination", f"{relay}:{port}")

    def heal(self, server):
        run("ip", "link", "set", self.outer, "up")
        run(*self.within, "iptables", "-F")
        while run(*server.within, "iptables", "-D", "INPUT", "-s", self.ip, "-j", "DROP", check=False).returncode == 0:
            pass


class SlowLink:
    """Passes TCP on with a delay, or keeps it back for a while: no kernel module does that everywhere."""

    def __init__(self, address, target):
        self.address, self.target, self.delay, self.is_held = address, target, 0.0, False
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(asyncio.start_server(self.serve, address, target[1]), self.loop).result()

    async def serve(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            return writer.close()
        await asyncio.gather(self.pump(reader, far_writer), self.pump(far_reader, writer))

    async def pump(self, reader, writer):
        queue = asyncio.Queue(maxsize=1000)

        async def pass_on():
            while True:
                at, data = await queue.get()
                await asyncio.sleep(max(0, at - time.monotonic()))
                while self.is_held:
                    await asyncio.sleep(0.05)
                if not data:
                    return writer.close()
                writer.write(data)
                await writer.drain()

        passing = asyncio.ensure_future(pass_on())
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                await queue.put((time.monotonic() + self.delay, data))
        await queue.put((time.monotonic() + self.delay, b""))
        with contextlib.suppress(OSError):
            await passing


class FarCluster(Cluster):
    """Its server is a machine of a network."""

    def __init__(self, program, folder, network):
        self.host = network.add(1)
        config = f"behind_proxy: true\nnames: [{self.host.ip}]\n"
        super().__init__(program, folder, config, within=self.host.within)

    def server_command(self):
        return [*self.within, self.program, "server", "--data", self.data, "--http", f"{self.host.ip}:{self.ports[0]}", "--https", f"{self.host.ip}:{self.ports[1]}",
                "--config", self.folder / "server.yaml"]

    def address(self):
        return self.host.ip, self.ports[0]


class Test:
    def __init__(self, program, folder):
        self.program, self.folder, self.failed, self.passed = program, folder, [], 0
        self.network = Network()
        self.nodes, self.started = {}, []  # name -> Machine
        self.lost_at, self.cut_at = {}, {}
        self.number = 1

    def begin(self):
        self.cluster = FarCluster(self.program, self.folder, self.network)
        self.slow_link, self.held_link = (SlowLink(address, (self.cluster.host.ip, self.cluster.ports[1])) for address in self.network.here)
        self.cluster.command("pool", "create", "p", "--provider", "joined", "--slots", str(SLOTS))
        self.sas = self.cluster.make_container("results")
        (self.folder / "token").write_text(self.cluster.command("node", "token", "p").stdout)
        self.cluster.post("/jobs", {"id": "j", "poolInfo": {"poolId": "p"}})
        for name in ("cut", "deaf", "mute", "brief", "lossy"):
            self.join(name)
        self.join("slow", self.slow_link.address)
        self.join("held", self.held_link.address)
        until("all nodes to be idle", lambda: list(self.states().values()) == ["idle"] * len(self.nodes))

    def join(self, name, by=None, slots=SLOTS):
        self.number += 1
        machine = self.nodes[name] = self.network.add(self.number)
        if by:
            machine.go_by(by, self.cluster.host.ip, self.cluster.ports[1])
        log = open(self.folder / f"{name}.log", "w")
        self.started.append(subprocess.Popen([*machine.within, self.program, "node", "--server", f"https://{self.cluster.host.ip}:{self.cluster.ports[1]}", "--ca-file", self.cluster.data / "tls/ca.pem",
                                              "--pool", "p", "--token-file", self.folder / "token", "--name", name, "--slots", str(slots),
                                              "--root", self.folder / "nodes" / name], stdout=log, stderr=log))

    def states(self):
        return {node["id"]: node["state"] for node in self.cluster.get("/pools/p/nodes")["value"]}

    def check(self, claim, holds, seen=""):
        if holds:
            self.passed += 1
        else:
            self.failed.append(claim)
        print(f"{'ok   ' if holds else 'FAIL '} {claim}{'' if holds else f': {seen}'}", flush=True)

    def add(self, names, seconds, is_single=False):
        url = f"https://{self.cluster.host.ip}:{self.cluster.ports[1]}/{self.cluster.name}/results?{self.sas}"
        tasks = [{"id": name, "commandLine": TASK.format(runs=self.cluster.runs, seconds=seconds, live=TICK.format(ticks=seconds * 10) if is_single else SLEEP),
                  "constraints": {"singleWriter": is_single}, "outputFiles": [
            {"filePattern": "out.txt", "destination": {"container": {"containerUrl": url, "path": f"r/{name}"}},
             "uploadOptions": {"uploadCondition": "taskcompletion"}}]} for name in names]
        answer = json.loads(self.cluster.post("/jobs/j/addtaskcollection", {"value": tasks}))
        assert all(one["status"].lower() == "success" for one in answer["value"]), answer

    def runs(self):
        """By task, in order: what each attempt wrote."""
        found = collections.defaultdict(dict)
        for file in self.cluster.runs.iterdir():
            for line in file.read_text().splitlines():
                what, attempt, node, at = line.split()
                found[file.name[2:]].setdefault(int(attempt), {"node": node})[what] = float(at)
        return {task: dict(sorted(attempts.items())) for task, attempts in found.items()}

    def tasks(self):
        found, link = [], f"/jobs/j/tasks?{API}"
        while link:
            page = json.loads(self.cluster.until_answered("GET", link))
            found += page["value"]
            link = page.get("odata.nextLink")
            link = link[link.index("/jobs"):] if link else None
        return found

    def results(self):
        """What clients see of completed tasks."""
        return {task["id"]: (task["executionInfo"], task["nodeInfo"], self.cluster.blob(f"results/r/{task['id']}")) for task in self.tasks() if task["state"] == "completed"}

    def look(self):
        for name, state in self.states().items():
            if state == "unknown" and name not in self.lost_at:
                self.lost_at[name] = uptime()

    def all_kinds_at_once(self):
        # One that cannot hear may still be heard, when it has something to say: that its task is over, which it ended as the server was silent.
        cut_off, silenced = ("cut", "mute", "held"), ("cut", "mute", "held", "deaf")
        # One of each for each node; then there is another node, which can take all of them.
        self.add([f"short{n}" for n in range(len(self.nodes))], 10)
        self.add([f"long{n}" for n in range(len(self.nodes))], CUT + 4)
        self.add([f"single{n}" for n in range(len(self.nodes))], 18, is_single=True)
        tasks = SLOTS * len(self.nodes)
        until("all to run", lambda: len(self.runs()) == tasks, 20)
        self.join("well", slots=16)
        until("it to have joined", lambda: self.states().get("well") == "idle")
        before = {node: [task for task, attempts in self.runs().items() if next(iter(attempts.values()))["node"] == node] for node in self.nodes}
        cut_at = uptime()
        self.nodes["cut"].cut()
        self.nodes["deaf"].drop_incoming()
        self.nodes["mute"].drop_outgoing(self.cluster.host)
        self.nodes["brief"].cut()
        self.nodes["lossy"].drop_incoming(0.25)
        self.slow_link.delay = 0.4
        self.held_link.is_held = True
        is_brief = True
        while uptime() < cut_at + CUT:
            if is_brief and uptime() > cut_at + BRIEF:
                self.nodes["brief"].heal(self.cluster.host)
                is_brief = False
            self.look()
            time.sleep(0.1)
        seen = self.results()
        healed_at = uptime()
        for name in silenced:
            self.nodes[name].heal(self.cluster.host)
        self.held_link.is_held = False
        for name in cut_off:
            after = self.lost_at.get(name, healed_at + 1000) - cut_at
            self.check(f"{name}: lost after {LOST_AFTER} s ({after:.1f})", LOST_AFTER - 6 <= after <= LATEST, after)
        self.check("no other node was lost", set(self.lost_at) <= set(silenced), self.lost_at)
        until("lost nodes to come back", lambda: not set(self.states().values()) & {"unknown", "unusable", "offline"}, 60)
        self.check(f"all nodes came back by themselves, {uptime() - healed_at:.1f} s after the link", True)
        until("all tasks to end", lambda: len(self.results()) == tasks, 60)
        runs = self.runs()
        for name in cut_off:
            again = [task for task in before[name] if len(runs[task]) == 2 and list(runs[task].values())[1]["node"] not in silenced]
            self.check(f"{name}: what it ran has run elsewhere ({len(again)} tasks)", before[name] and len(again) == len(before[name]), {task: runs[task] for task in before[name]})
        # Where a quarter of all packets is lost, a lease may run out: its task runs again, but never twice at once.
        others = [task for name in self.nodes if name not in silenced for task in before[name]
                  if len(runs[task]) != 1 and not (name == "lossy" and task.startswith("single"))]
        self.check("what the others ran has run once", not others, {task: runs[task] for task in others})
        first = [attempts for name in cut_off for attempts in (list(runs[task].values())[0] for task in before[name])]
        late = [run for run in first if "end" in run]
        self.check(f"some ended while nobody heard of it ({len(late)})", late and all(run["end"] < healed_at for run in late), late)
        time.sleep(max(0.0, healed_at + 6 - uptime()))  # by when the rest of them would have ended
        runs = self.runs()
        ended = [(task, run) for name in cut_off for task in before[name] for run in [list(runs[task].values())[0]] if run.get("end", 0) > healed_at + 1]
        self.check(f"the rest was ended when the node was back ({len(first) - len(late)})", len(first) > len(late) and not ended, ended)
        overlap = [(task, attempts) for task, attempts in runs.items() if task.startswith("single") and len(attempts) == 2
                   for one, other in [list(attempts.values())] if max(one.get("alive", 0), one["start"]) > other["start"]]
        again = sum(len(attempts) == 2 for task, attempts in runs.items() if task.startswith("single"))
        self.check(f"no two attempts of a single-writer task were alive at once ({again} ran again)", again >= len(silenced) and not overlap, overlap)
        self.check_results(seen)
        self.works_everywhere()

    def check_results(self, seen):
        results, runs = self.results(), self.runs()
        changed = {task: (seen[task], results.get(task)) for task in seen if seen[task] != results.get(task)}
        self.check(f"results stay as clients saw them ({len(seen)})", not changed, changed)
        wrong = []
        for task, (info, node, (status, content)) in results.items():
            counted = content.decode(errors="replace").split()
            run = runs.get(task, {}).get(int(counted[1])) if len(counted) == 2 and counted[1].isdigit() else None
            if status != 200 or info.get("result") != "success" or info.get("retryCount") or run is None or "end" not in run or run["node"] != node["nodeId"]:
                wrong.append((task, info, node, status, content, runs.get(task)))
        self.check(f"each result is of an attempt that ended, its output of the same one, and no retry was used ({len(results)})", not wrong, wrong[:3])

    def works_everywhere(self):
        worked = set()

        def all_have_worked():
            self.number += 1
            self.add([f"again{self.number}-{n}" for n in range(16 + SLOTS * (len(self.nodes) - 1))], 0.5)
            time.sleep(1.5)
            worked.update(run["node"] for task, attempts in self.runs().items() if task.startswith("again") for run in attempts.values())
            return worked == set(self.nodes)
        with contextlib.suppress(TimeoutError):
            until("every node to work again", all_have_worked, 30)
        self.check("every node works again", worked == set(self.nodes), set(self.nodes) - worked)
        until("the last tasks to end", lambda: all(task["state"] == "completed" for task in self.tasks()))

    def rounds(self, count, random_):
        """Random faults of random length on all nodes but one, under load."""
        done = collections.Counter()
        for number in range(count):
            busy = collections.Counter(task["state"] for task in self.tasks())
            if busy["active"] + busy["running"] < 60:
                self.add([f"r{number}-{n}" for n in range(30)], random_.choice([0.2, 1, 5]))
                self.add([f"r{number}-long{n}" for n in range(6)], random_.choice([10, 25]))
            ends = []
            for name, machine in self.nodes.items():
                fault = random_.choice(["none", "cut", "deaf", "mute", "lossy"]) if name not in ("well", "slow", "held") else "none"
                if name in ("slow", "held"):
                    fault = random_.choice(["none", "delay", "hold"])
                link = {"slow": self.slow_link, "held": self.held_link}.get(name)
                seconds = random_.choice([random_.uniform(0.2, 5), random_.uniform(5, 20), random_.uniform(15, 30)])
                done[fault] += 1
                if fault == "cut":
                    machine.cut()
                elif fault == "deaf":
                    machine.drop_incoming()
                elif fault == "mute":
                    machine.drop_outgoing(self.cluster.host)
                elif fault == "lossy":
                    machine.drop_incoming(round(random_.uniform(0.05, 0.5), 2))
                elif fault == "delay":
                    link.delay = random_.uniform(0.05, 2)
                elif fault == "hold":
                    link.is_held = True
                if fault != "none":
                    ends.append((uptime() + seconds, machine, link))
            for at, machine, link in sorted(ends, key=lambda end: end[0]):
                time.sleep(max(0.0, at - uptime()))
                machine.heal(self.cluster.host)
                if link:
                    link.delay, link.is_held = 0.0, False
            # Some of the rounds begin while nodes are still away.
            time.sleep(random_.choice([0, 1, 6]))
            print(f"round {number + 1}: {dict(done)}, {len(self.cluster.log_lines('node_lost'))} nodes lost", flush=True)
        seen = self.results()
        until("all nodes to be back", lambda: not set(self.states().values()) & {"unknown", "unusable", "offline"}, 60)
        until("all tasks to end", lambda: all(task["state"] == "completed" for task in self.tasks()), 120)
        lost = collections.Counter(word[5:] for line in self.cluster.log_lines("node_lost") for word in line.split() if word.startswith("node="))
        without_reason = {task: attempts for task, attempts in self.runs().items() if len(attempts) > 1 and not all(lost[run["node"]] for run in list(attempts.values())[:-1])}
        again = sum(len(attempts) > 1 for attempts in self.runs().values())
        self.check(f"what ran again ({again}) was on nodes that were lost ({sum(lost.values())})", not without_reason, without_reason)
        self.check_results(seen)
        self.works_everywhere()

    def end(self):
        try:
            self.check("the server still runs", hasattr(self, "cluster") and self.cluster.server.poll() is None)
            if hasattr(self, "cluster"):
                errors = self.cluster.log_lines(" error ")
                self.check("the server logged no error", not errors, errors[:3])
                self.cluster.end()
                for pid in self.cluster.processes("node"):
                    os.kill(pid, 9)
                for line in self.cluster.task_processes():
                    os.kill(int(line.split()[0]), 9)
        finally:
            for process in self.started:
                process.kill()
                process.wait()
            self.network.end()


def skipped(why):
    print(f"skipped: {why}")
    sys.exit(77)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--folder")
    options = parser.parse_args()
    if os.geteuid() != 0:
        skipped("only root may make network namespaces")
    for tool in ("ip", "iptables", "nsenter"):
        if not shutil.which(tool):
            skipped(f"'{tool}' is not installed ; tools/setup network installs it")
    probe = f"scoria-probe-{os.getpid()}"
    made = run("ip", "netns", "add", probe, check=False)
    filters = run("ip", "netns", "exec", probe, "iptables", "-A", "INPUT", "-m", "statistic", "--mode", "random", "--probability", "0.5", "-j", "DROP", check=False)
    run("ip", "netns", "del", probe, check=False)
    if made.returncode != 0:
        skipped(f"this machine makes no network namespaces: {made.stderr.strip()}")
    if filters.returncode != 0:
        skipped(f"this machine drops no packets: {filters.stderr.strip()}")
    print(f"seed {options.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="scoria-partition-", dir=options.folder))
    test = Test(pathlib.Path(options.program).resolve(), folder)
    try:
        test.begin()
        test.all_kinds_at_once()
        if options.rounds:
            test.rounds(options.rounds, random.Random(options.seed))
    except (TimeoutError, RuntimeError) as error:
        test.check(str(error), False, {"nodes": test.states(), "runs": len(test.runs())})
    finally:
        test.end()
    conclude("partitions", test.passed, len(test.failed), folder, f"; seed {options.seed}")


if __name__ == "__main__":
    main()
