"""What goes wrong in a LocalExecutor's workers is one call's failure, told; nothing hangs, nothing is left, and the next call works."""

import collections
import dataclasses
import gc
import json
import math
import os
import pathlib
import pickle
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
import scoria
from cluster import until
from leftovers import warm_workers


def open_descriptors():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture(autouse=True)
def no_descriptor_is_left():
    before = open_descriptors()
    yield
    until("descriptors to be closed", lambda: open_descriptors() <= before, 10)


def works(executor):
    """On all its workers."""
    assert list(executor.map(lambda x: time.sleep(0.02) or x, range(4))) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "crash, told",
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "signal 9"),
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), "signal 11"),
        (lambda: os.abort(), "signal 6"),
        (lambda: os._exit(7), "status 7"),
        (lambda: os.closerange(3, 200), ""),
    ],
    ids=["killed", "segfault", "abort", "exit", "its descriptors closed"],
)
def test_a_crash_fails_one_call_and_says_how(local, crash, told):
    def call():
        print("the last words", flush=True)
        crash()
        time.sleep(60)

    others = [local.submit(abs, -i) for i in range(10)]
    future = local.submit(call)
    others += [local.submit(abs, -i) for i in range(10, 20)]
    error = future.exception(60)
    assert type(error) is scoria.WorkerError and told in str(error) and "the last words" in error.output
    assert error.call == future.call and error.call in str(error) and error.worker in str(error) and error.node in str(error)
    assert [other.result(60) for other in others] == list(range(20))
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    works(local)


def test_a_worker_killed_from_outside_is_replaced(local):
    future = local.submit(lambda: time.sleep(60))
    until("it to run", future.running)
    pid = until("its worker", lambda: warm_workers())[0]
    os.kill(pid, signal.SIGKILL)
    assert "signal 9" in str(future.exception(60))
    idle = local.submit(os.getpid).result(60)
    os.kill(idle, signal.SIGKILL)  # one that has nothing to do fails nobody
    until("its end", lambda: not pathlib.Path(f"/proc/{idle}").exists())
    works(local)


def test_a_crash_in_a_map_comes_in_its_place(local):
    results = local.map(lambda x: os._exit(3) if x == 6 else x, range(8), chunksize=2)
    assert [next(results) for _ in range(6)] == list(range(6))
    with pytest.raises(scoria.WorkerError, match="2 calls"):
        next(results)
    works(local)


def test_exit_within_a_call_is_its_exception(local):
    with pytest.raises(SystemExit, match="7"):
        local.submit(sys.exit, 7).result(60)
    works(local)


def test_a_call_that_takes_too_long_ends_alone(tmp_path):
    def call(seconds):
        (tmp_path / str(os.getpid())).write_text("")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass
        return seconds

    with scoria.LocalExecutor(2, timeout=1.5) as executor:
        endless = executor.submit(call, 1e9)
        others = [executor.submit(call, 0.4) for _ in range(6)]
        error = endless.exception(60)
        assert type(error) is scoria.WorkerError and "longer than its 1.5 s" in str(error) and endless.call in str(error)
        assert [other.result(60) for other in others] == [0.4] * 6
        results = executor.map(call, [0.01, 1e9, 0.02])
        assert next(results) == 0.01
        with pytest.raises(scoria.WorkerError, match="longer than its"):
            next(results)
        works(executor)
    until("the processes to end", lambda: not any(pathlib.Path("/proc", path.name).exists() for path in tmp_path.iterdir()))


def test_cancel_ends_a_running_call_alone(local, tmp_path):
    def call():
        (tmp_path / "pid").write_text(str(os.getpid()))
        time.sleep(300)

    for _ in range(50):  # known to be quick: one is sent behind another
        local.submit(abs, -1).result(60)
    future = local.submit(call)
    others = [local.submit(abs, -i) for i in range(30)]
    pid = int(until("the call's process", lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text()))
    assert future.cancel() and future.cancelled()
    until("its end", lambda: not pathlib.Path(f"/proc/{pid}").exists())
    assert [other.result(60) for other in others] == list(range(30))
    works(local)


def test_a_call_that_was_sent_and_cancelled_does_not_run_on(local):
    slow = [local.submit(time.sleep, 60) for _ in range(2)]
    until("both to run", lambda: all(future.running() for future in slow))
    waiting = [local.submit(abs, -1) for _ in range(3)]
    assert waiting[0].cancel() and all(future.cancel() for future in slow)
    assert [future.result(60) for future in waiting[1:]] == [1, 1]


def test_what_a_worker_started_ends_with_it(local, tmp_path):
    def call():
        child = subprocess.Popen(["sleep", "300"])
        (tmp_path / "pid").write_text(str(child.pid))
        os._exit(1)

    assert "status 1" in str(local.submit(call).exception(60))  # though the child holds what it inherited
    works(local)


def test_memory_beyond_the_limit_fails_the_call():
    with scoria.LocalExecutor(1, memory=300_000_000) as executor:
        error = executor.submit(lambda: len(bytearray(2_000_000_000))).exception(60)
        assert isinstance(error, MemoryError) or "memory" in str(error).lower()
        assert executor.submit(lambda: len(bytearray(50_000_000))).result(60) == 50_000_000
        works(executor)


@pytest.mark.parametrize("function, told", [(os._exit, "status 9"), (math.sqrt, "TypeError")])
def test_workers_that_cannot_get_ready_are_told(function, told):
    with scoria.LocalExecutor(2) as executor:
        plan = executor._dispatcher._plan
        executor._dispatcher._plan = dataclasses.replace(plan, make_ready=lambda: pickle.dumps((function, (9,) if function is os._exit else ("9",), {})))
        for future in [executor.submit(abs, -1) for _ in range(3)]:
            error = future.exception(60)
            assert isinstance(error, scoria.WorkerError) and told in str(error) and future.call in str(error), error
        executor._dispatcher._plan = plan
        works(executor)


@pytest.mark.parametrize("size", [200_000, 5_000_000])
def test_a_result_beyond_the_limit_fails_the_call(size):
    with scoria.LocalExecutor(1, max_result=100_000) as executor:
        future = executor.submit(bytes, size)
        error = future.exception(60)
        assert isinstance(error, scoria.ResultError) and "at most 100,000 are allowed" in str(error) and future.call in str(error)
        assert executor.submit(bytes, 10).result(60) == bytes(10)


def test_an_exception_is_the_calls_own_with_its_traceback(local):
    def fails():
        return {}["no such key"]

    with pytest.raises(KeyError, match="no such key") as raised:
        local.submit(fails).result(60)
    assert isinstance(raised.value.__cause__, scoria.RemoteTraceback) and "in fails" in str(raised.value.__cause__)


def test_an_exception_that_cannot_be_pickled_is_told(local):
    class Odd(Exception):
        def __init__(self, a, b):
            super().__init__(a)
            self.lock = threading.Lock()

    def fails():
        raise Odd("words", 2)

    future = local.submit(fails)
    error = future.exception(60)
    assert isinstance(error, scoria.ResultError) and "words" in str(error) and future.call in str(error) and "in fails" in str(error.__cause__)


def test_a_result_that_cannot_be_pickled_is_told(local):
    for function in (threading.Lock, lambda: threading.Lock()):
        future = local.submit(function)
        error = future.exception(60)
        assert isinstance(error, scoria.ResultError) and "lock" in str(error) and future.call in str(error), error
    works(local)


def test_what_cannot_be_pickled_is_refused_at_once(local):
    with pytest.raises(TypeError, match="cannot be pickled"):
        local.submit(abs, threading.Lock())


def test_a_module_that_workers_lack_is_named(local, tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def call(): return 1")
    works(local)  # the workers came before the folder
    monkeypatch.syspath_prepend(tmp_path)
    import only_here

    future = local.submit(only_here.call)
    error = future.exception(60)
    assert isinstance(error, scoria.WorkerError) and "only_here" in str(error) and future.call in str(error)
    works(local)


def test_a_python_that_is_not_there_is_told(monkeypatch, local):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with scoria.LocalExecutor(2) as executor:
        futures = [executor.submit(abs, -1) for _ in range(3)]
        for future in futures:
            error = future.exception(60)
            assert isinstance(error, scoria.WorkerError) and "/no/such/python" in str(error) and future.call in str(error)
    works(local)


def test_a_program_that_is_not_there_is_told_at_once(monkeypatch):
    monkeypatch.setenv("SCORIA_PROGRAM", "/no/such/scoria")
    with pytest.raises(scoria.ScoriaError, match="/no/such/scoria"):
        scoria.LocalExecutor(2)
    monkeypatch.delenv("SCORIA_PROGRAM")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(scoria.ScoriaError, match="SCORIA_PROGRAM"):
        scoria.LocalExecutor(2)


def test_the_end_of_scoria_workers_is_told_and_the_next_call_starts_it(local):
    works(local)
    future = local.submit(time.sleep, 60)
    until("it to run", future.running)
    subprocess.run([os.environ["SCORIA_PROGRAM"], "workers", "stop"], check=True, capture_output=True)
    error = future.exception(60)
    assert isinstance(error, scoria.WorkerError) and "scoria workers" in str(error)
    works(local)


def test_workers_are_replaced_after_their_share(monkeypatch):
    with scoria.LocalExecutor(2) as executor:
        plan = executor._dispatcher._plan
        executor._dispatcher._plan = dataclasses.replace(plan, limits={"calls": 7})
        pids = [future.result(60) for future in [executor.submit(os.getpid) for _ in range(200)]]
        assert len(set(pids)) >= 25 and max(map(pids.count, pids)) <= 7


def test_workers_killed_at_random_lose_no_call_and_make_none_twice(tmp_path, local):
    seed = random.randrange(10**6)
    print("seed", seed)
    chance, log = random.Random(seed), tmp_path / "log"

    def call(i):
        with open(log, "a") as file:
            file.write(f"{i}\n")
        return -i

    killed, is_over = set(), False
    futures = []

    def kill():
        while not is_over:
            time.sleep(chance.uniform(0.005, 0.05))
            workers = list(local._dispatcher._workers)
            if workers:
                worker = chance.choice(workers)
                killed.add(worker.pid)
                worker.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        for i in range(2500):
            futures.append(local.submit(call, i))
        errors = [future.exception(60) for future in futures]
    finally:
        is_over = True
        killer.join()
    failed = [error for error in errors if error is not None]
    assert all(type(error) is scoria.WorkerError for error in failed) and len(failed) <= len(killed) and len(killed) > 3
    assert [future.result() for future, error in zip(futures, errors) if error is None] == [-i for i, error in enumerate(errors) if error is None]
    made = collections.Counter(map(int, log.read_text().split()))
    assert max(made.values()) == 1 and all(i in made for i, error in enumerate(errors) if error is None)
    until("the killed to be gone", lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in killed))
    works(local)


def test_a_killed_program_leaves_no_worker():
    script = """
        import time, scoria
        future = scoria.LocalExecutor(2).submit(time.sleep, 300)
        while not future.running():
            time.sleep(0.01)
        print("runs", flush=True)
        future.result()
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout.readline() == "runs\n" and warm_workers()
        program.kill()
    until("the workers to end", lambda: not warm_workers())


def test_scoria_workers_killed_hard_is_started_again():
    executor = scoria.LocalExecutor(2)
    future = executor.submit(time.sleep, 300)
    until("it to run", future.running)
    pids = warm_workers()
    started = subprocess.run([os.environ["SCORIA_PROGRAM"], "workers", "start"], check=True, capture_output=True)
    os.kill(json.loads(started.stdout)["pid"], signal.SIGKILL)
    until("it to be missed", lambda: executor._dispatcher._control is None)
    assert executor.submit(abs, -1).result(60) == 1
    future.cancel()
    executor.shutdown()
    assert future.done()
    until("all workers to end", lambda: not warm_workers() and not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids))
