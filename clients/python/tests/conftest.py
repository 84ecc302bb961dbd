"""A real server with a local pool of two nodes, and `scoria workers`, for the tests that want one. SCORIA_PROGRAM is the program."""

import os
import pathlib
import subprocess
import sys

import pytest
import scoria

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from cluster import Cluster, IMAGE, until  # noqa: E402
from leftovers import gone, warm_workers  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def own_workers(tmp_path_factory):
    """`scoria workers` of these tests' own, which is not the one that this user may have; and this Python as what nodes call python3."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PATH", f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")
    patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    yield
    subprocess.run([os.environ["SCORIA_PROGRAM"], "workers", "stop"], check=True, capture_output=True)
    patch.undo()


@pytest.fixture(scope="session")
def cluster(own_workers, tmp_path_factory):
    """The server's processes and folder; no task's process is left when the tests are through."""
    cluster = Cluster(os.environ["SCORIA_PROGRAM"], tmp_path_factory.mktemp("cluster"))
    client = scoria.Client(data=cluster.data)
    client.pools.add({"id": "two", "vmSize": "standard_a1_v2", "targetDedicatedNodes": 2, "virtualMachineConfiguration": IMAGE})
    client.pools.wait("two", timeout=60)
    try:
        yield cluster
        until("the tasks' processes to end", lambda: not cluster.task_processes())
    finally:
        cluster.end()


@pytest.fixture
def client(cluster):
    return scoria.Client(data=cluster.data)


@pytest.fixture
def executor(client):
    """An executor on the pool of two nodes. Nothing of it is left afterwards."""
    with scoria.Executor("two", client) as made:
        yield made
    gone(client)


@pytest.fixture
def local():
    """An executor on two workers. None of them is left afterwards."""
    with scoria.LocalExecutor(2) as made:
        yield made
    until("the workers to end", lambda: not warm_workers())
