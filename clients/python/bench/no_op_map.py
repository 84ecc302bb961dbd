"""Calls that do nothing: LocalExecutor and a pool's Executor beside dask.distributed and the standard library's ProcessPoolExecutor.

usage: no_op_map.py [CALLS] [ROUNDS]        5,000 calls and 7 rounds, unless said otherwise

Needs `distributed`, cloudpickle and this package in the Python that runs it, and the `scoria` program in PATH or SCORIA_PROGRAM. Two workers of one thread
everywhere. Each round takes every side once, one after the other; all answers are checked, first of all before anything is timed.
"""

import concurrent.futures
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import distributed
import scoria

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tests" / "e2e"))
from cluster import IMAGE, Cluster  # noqa: E402


def noop(x):
    return x


def each(executor, calls):
    return [future.result() for future in [executor.submit(noop, i) for i in range(calls)]]


def sides(dask, ours, pool, standard):
    """{name: (calls as a share of all, function of their number)}; those that take long have fewer calls."""
    return {
        "dask client.map, gather": (1, lambda n: dask.gather(dask.map(noop, range(n), pure=False))),
        "dask client.submit each": (1, lambda n: dask.gather([dask.submit(noop, i, pure=False) for i in range(n)])),
        "ProcessPoolExecutor.map, chunksize 100": (1, lambda n: list(standard.map(noop, range(n), chunksize=100))),
        "ProcessPoolExecutor.submit each": (1, lambda n: each(standard, n)),
        "LocalExecutor.map": (1, lambda n: list(ours.map(noop, range(n)))),
        "LocalExecutor.submit each": (1, lambda n: each(ours, n)),
        "LocalExecutor, one after the other": (0.1, lambda n: [ours.submit(noop, i).result() for i in range(n)]),
        "Executor(pool).map": (1, lambda n: list(pool.map(noop, range(n)))),
    }


def measure(all_sides, calls, rounds):
    """{name: [microseconds per call]}"""
    counts = {name: max(1, int(calls * share)) for name, (share, _) in all_sides.items()}
    taken = {name: [] for name in all_sides}
    for round_ in range(-1, rounds):  # the first is not counted: it checks, and warms all up
        for name, (_, run) in all_sides.items():
            begin = time.perf_counter()
            answers = run(counts[name])
            seconds = time.perf_counter() - begin
            assert answers == list(range(counts[name])), f"{name} answered wrongly"
            if round_ >= 0:
                taken[name].append(seconds / counts[name] * 1e6)
    return taken


def show(taken, calls, rounds):
    anchor = statistics.median(taken["dask client.map, gather"])
    print(f"{calls:,} no-op calls, 2 workers; microseconds per call: median [least .. most] of {rounds}; dask's map divided by it")
    for name, values in taken.items():
        middle = statistics.median(values)
        print(f"  {name:40} {middle:9.2f}  [{min(values):.2f} .. {max(values):.2f}]  {anchor / middle:8.1f}x")
    ratio = anchor / statistics.median(taken["LocalExecutor.map"])
    print(f"LocalExecutor.map is {ratio:.1f} times as fast as dask's client.map and gather (goal: 10)")
    return ratio


def main(calls=5000, rounds=7):
    program = os.environ.get("SCORIA_PROGRAM", "scoria")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {version}, distributed {distributed.__version__}")
    os.environ["PATH"] = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"  # what the pool's nodes call python3
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(program, pathlib.Path(folder))
        try:
            client = scoria.Client(data=cluster.data)
            client.pools.add({"id": "two", "vmSize": "standard_a1_v2", "targetDedicatedNodes": 2, "virtualMachineConfiguration": IMAGE})
            client.pools.wait("two", timeout=60)
            with (
                distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as local,
                distributed.Client(local) as dask,
                concurrent.futures.ProcessPoolExecutor(2) as standard,
                scoria.LocalExecutor(2) as ours,
                scoria.Executor("two", client) as pool,
            ):
                ratio = show(measure(sides(dask, ours, pool, standard), calls, rounds), calls, rounds)
        finally:
            cluster.end()
    return 0 if ratio >= 10 else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
