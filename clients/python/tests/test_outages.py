"""Nodes, agents and servers go away under running calls, and come back."""

import concurrent.futures
import os
import pathlib
import random
import signal
import sys
import time

import pytest
import scoria
from cluster import until
from leftovers import gone


def test_a_call_whose_node_is_taken_away_runs_elsewhere(executor, client, tmp_path):
    def call(path):
        node = os.environ["AZ_BATCH_NODE_ID"]
        if not os.path.exists(path):
            with open(path, "w") as file:
                file.write(node)
            time.sleep(300)
        return node

    future = executor.submit(call, str(tmp_path / "first"))
    first = until("the first attempt", lambda: (tmp_path / "first").exists() and (tmp_path / "first").read_text())
    client.pools.remove_nodes("two", [first])
    try:
        assert future.result(90) != first
    finally:
        client.pools.wait("two", timeout=60)
        client.pools.resize("two", 2)
        client.pools.wait("two", timeout=60)


def test_calls_outlive_the_server(executor, cluster, tmp_path):
    go = str(tmp_path / "go")

    def call(x):
        while not os.path.exists(go):
            time.sleep(0.05)
        return x * 2

    futures = [executor.submit(call, x) for x in range(4)]
    until("a call that runs", lambda: any(future.running() for future in futures))
    cluster.server.kill()
    cluster.server.wait(30)
    pathlib.Path(go).touch()
    time.sleep(0.5)  # questions go unanswered
    cluster.start()
    assert [future.result(90) for future in futures] == [0, 2, 4, 6]


def test_a_long_idle_executor_is_as_patient(cluster, client):
    with scoria.Executor("two", client, python=sys.executable, patience=2.0) as executor:
        assert executor.submit(abs, -1).result(60) == 1
        time.sleep(2.5)  # longer than its patience: nothing was asked, and no answer was missed
        cluster.server.kill()
        cluster.server.wait(30)
        future = executor.submit(abs, -2)
        time.sleep(0.3)
        cluster.start()
        assert future.result(60) == 2


def test_a_server_that_stays_away_fails_calls_in_time(tmp_path, cluster, client):
    executor = scoria.Executor("two", client, python=sys.executable, patience=1.0)
    future = executor.submit(time.sleep, 2)
    until("the call", future.running)
    cluster.server.kill()
    cluster.server.wait(30)
    try:
        error = future.exception(60)
        assert isinstance(error, scoria.TaskError) and isinstance(error.__cause__, ConnectionError)
    finally:
        cluster.start()
        until("the server", lambda: answers(client))
    executor.shutdown()
    gone(client)


def answers(client):
    try:
        return client.pools.get("two")
    except (scoria.ConnectError, scoria.ServiceError):  # a server that starts answers 503
        return None


def test_every_future_ends_rightly(cluster, client):
    """Many calls while the server and an agent are killed and calls are cancelled. SCORIA_SEED=N repeats a run."""
    seed = int(os.environ.get("SCORIA_SEED", time.time_ns() % 10**6))
    print(f"SCORIA_SEED={seed}")  # pytest shows it where the test fails
    chance = random.Random(seed)
    moments = {chance.randrange(20, 120): kill for kill in (kill_server, kill_agent, kill_server)}

    def call(i):
        time.sleep(i % 7 / 100)
        return i * i

    futures = []
    with scoria.Executor("two", client, python=sys.executable) as executor:
        for i in range(120):
            futures.append(executor.submit(call, i))
            if chance.random() < 0.15:
                chance.choice(futures).cancel()
            if i in moments:
                concurrent.futures.wait(futures, timeout=chance.uniform(0, 1))
                moments[i](cluster)
        for i, future in enumerate(futures):
            if not future.cancelled():
                assert future.result(120) == i * i
    until("the server", lambda: cluster.server.poll() is None)
    gone(client)


def kill_server(cluster):
    cluster.server.kill()
    cluster.server.wait(30)
    cluster.start()


def kill_agent(cluster):
    agents = list(cluster.processes("agent"))
    if not agents:
        pytest.fail("no node has an agent")
    os.kill(agents[0], signal.SIGKILL)
