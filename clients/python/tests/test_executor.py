"""The Executor on a real pool: what concurrent.futures promises, and what goes wrong on nodes."""

import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
import scoria
from cluster import until
from leftovers import gone


# ---- as concurrent.futures promises ----------------------------------------------------------------------------------------------

def test_calls_run_on_nodes_and_answer(executor):
    def call(x, *, y):
        return x + y, os.environ["AZ_BATCH_POOL_ID"]

    future = executor.submit(call, 1, y=2)
    assert future.result(60) == (3, "two")
    assert future.done() and not future.running() and not future.cancel()


def test_map_keeps_the_order_in_chunks_too(executor):
    assert list(executor.map(lambda x, y: x * y, range(7), range(1, 99))) == [x * (x + 1) for x in range(7)]
    assert list(executor.map(lambda x: -x, range(1000), chunksize=300)) == [-x for x in range(1000)]
    assert len(executor._stored) <= 3  # the runner, cloudpickle, at most one call
    assert list(executor.map(abs, [])) == []
    with pytest.raises(ValueError, match="chunksize is 0"):
        executor.map(abs, [1], chunksize=0)


def test_quick_calls_share_tasks_and_slow_ones_do_not(executor, monkeypatch):
    tasks = []
    submit = executor._submit_chunk
    monkeypatch.setattr(executor, "_submit_chunk", lambda fn, rows, is_first: tasks.append(len(rows)) or submit(fn, rows, is_first))
    assert list(executor.map(abs, range(3000))) == list(range(3000))
    assert len(tasks) < 30
    tasks.clear()
    assert list(executor.map(lambda x: time.sleep(2.1) or x, range(5))) == list(range(5))
    assert tasks == [1] * 5


def test_results_before_an_exception_are_given(executor, client):
    results = executor.map(lambda x: 6 // x, [1, 2, 3, 0, 5], chunksize=5)
    assert [next(results) for _ in range(3)] == [6, 3, 2]
    with pytest.raises(ZeroDivisionError) as raised:
        next(results)
    assert isinstance(raised.value.__cause__, scoria.RemoteTraceback) and "<lambda>" in str(raised.value.__cause__)
    (task,) = client.tasks.list(executor.job_id)
    assert task["executionInfo"]["exitCode"] == 1 and b"ZeroDivisionError" in client.tasks.read_file(executor.job_id, task["id"], "stderr.txt")


def test_a_map_goes_on_after_its_block(client):
    with scoria.Executor("two", client) as executor:
        results = executor.map(lambda x: x + 1, range(500))
    assert list(results) == list(range(1, 501))
    gone(client)


def test_calls_are_copies_of_a_warm_python_or_start_their_own(client):
    def call():
        return "fractions" in sys.modules, os.path.basename(sys.argv[0])

    name = scoria._calls.runner()[0]
    for options, has in (({}, False), ({"preload": ["fractions", "no_such_module"]}, True), ({"python": sys.executable}, False)):
        with scoria.Executor("two", client, **options) as executor:
            assert executor.submit(call).result(60) == (has, name)
    gone(client)
    with pytest.raises(ValueError, match="preload"):
        scoria.Executor("two", client, python="python3", preload=["math"])


def test_map_and_wait_give_up_in_time(executor):
    results = executor.map(time.sleep, [60], timeout=0.3)
    with pytest.raises(concurrent.futures.TimeoutError):
        next(results)
    slow = executor.submit(time.sleep, 60)
    assert concurrent.futures.wait([slow], timeout=0.2).not_done == {slow}
    assert slow.cancel()


def test_futures_complete_as_they_end(executor):
    pairs = {executor.submit(lambda s: time.sleep(s) or s, s): s for s in (1.0, 0.0)}
    assert [future.result() for future in concurrent.futures.as_completed(pairs, timeout=60)] == [0.0, 1.0]


def test_threads_may_share_an_executor(executor):
    answers = []
    threads = [threading.Thread(target=lambda i=i: answers.append(executor.submit(divmod, i, 3).result(90))) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert sorted(answers) == sorted(divmod(i, 3) for i in range(12))


def test_a_call_may_submit_from_its_callback(executor):
    chained = concurrent.futures.Future()
    executor.submit(abs, -1).add_done_callback(lambda done: chained.set_result(executor.submit(abs, done.result() - 5)))
    assert chained.result(60).result(60) == 4


def test_no_call_is_taken_after_shutdown(client):
    executor = scoria.Executor("two", client, python=sys.executable)
    future = executor.submit(abs, -1)
    executor.shutdown(wait=False)
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(abs, -1)
    assert future.result(60) == 1
    executor.shutdown()
    gone(client)
    scoria.Executor("two", client).shutdown()  # one that was never used


def test_shutdown_can_cancel(client):
    executor = scoria.Executor("two", client, python=sys.executable)
    futures = [executor.submit(time.sleep, 120) for _ in range(5)]
    until("a call that runs", lambda: any(future.running() for future in futures))
    begin = time.monotonic()
    executor.shutdown(cancel_futures=True)
    assert time.monotonic() - begin < 60 and all(future.cancelled() for future in futures)
    gone(client)


def test_cancel_ends_a_running_call(executor, cluster, tmp_path):
    def call(path):
        pathlib.Path(path).write_text(str(os.getpid()))
        time.sleep(300)

    future = executor.submit(call, str(tmp_path / "pid"))
    until("the call's process", lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    assert future.cancel() and future.cancelled()
    pid = int((tmp_path / "pid").read_text())
    until("its end", lambda: not pathlib.Path(f"/proc/{pid}").exists() or "Z" in pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0])
    with pytest.raises(concurrent.futures.CancelledError):
        future.result()


# ---- what travels ----------------------------------------------------------------------------------------------------------------

def test_large_arguments_are_stored_once(executor):
    array = np.random.default_rng(1).normal(size=(500, 100))
    same = array.copy()
    sums = [executor.submit(lambda a, b, nested: (float(a.sum()), a is b, a is nested["a"]), x, x, {"a": x}) for x in (array, same, array)]
    for future in sums:
        assert future.result(60) == (float(array.sum()), True, True)
    assert len([name for name in executor._stored if name.startswith("object-")]) == 1


def test_large_results_come_back(executor):
    assert executor.submit(lambda: bytes(20_000_000)).result(60) == bytes(20_000_000)
    np.testing.assert_array_equal(executor.submit(np.arange, 10**6).result(60), np.arange(10**6))


def test_classes_of_the_caller_come_back_as_themselves(executor):
    class Point:
        def __init__(self, x):
            self.x = x

    back = executor.submit(lambda x: Point(x), 5).result(60)
    assert isinstance(back, Point) and back.x == 5


def test_classes_of_this_package_need_none_on_nodes(executor):
    error = executor.submit(lambda kind: kind(404, "PoolNotFound", "no pool"), scoria.ServiceError).result(60)
    assert isinstance(error, scoria.ServiceError) and error.code == "PoolNotFound"


def test_output_is_the_tasks_log(executor, client):
    future = executor.submit(print, "printed on the node")
    future.result(60)
    assert client.tasks.read_file(future.job_id, future.task_id, "stdout.txt") == b"printed on the node\n"


def test_an_address_and_a_key_suffice(client, cluster):
    shown = json.loads(cluster.command("account", "show", "--json").stdout)
    far = scoria.Client(shown["batchUrl"], account=shown["accountName"], key=shown["accountKey"])
    with scoria.Executor("two", far, python=sys.executable) as executor:
        assert executor.submit(len, bytes(100_000)).result(60) == 100_000
        told = str(list(far.tasks.list(executor.job_id)))
    assert shown["accountKey"] not in told
    gone(client)


def test_the_environment_reaches_calls(client, cluster):
    subprocess.run([cluster.program, "secret", "set", "word", "--data", cluster.data], input="hidden", text=True, check=True, capture_output=True)
    with scoria.Executor("two", client, python=sys.executable, environment={"PLAIN": "a", "WORD": "secret:word"}) as executor:
        assert executor.submit(lambda: (os.environ["PLAIN"], os.environ["WORD"], "SCORIA_CALL" in os.environ)).result(60) == ("a", "hidden", False)
        assert "hidden" not in str(list(client.tasks.list(executor.job_id)))


def test_the_standard_library_suffices(cluster, tmp_path):
    """No cloudpickle, no numpy: functions that nodes can import."""
    shutil.copytree(pathlib.Path(scoria.__file__).parent, tmp_path / "scoria")  # away from the packages that it may lie beside
    script = """
        import math, sys
        sys.path.insert(0, sys.argv[2])
        import scoria
        assert not {"numpy", "cloudpickle", "joblib"} & set(sys.modules)
        client = scoria.Client(data=sys.argv[1])
        def own(x): return x
        with scoria.Executor("two", client, python=sys.executable) as executor:
            assert list(executor.map(math.factorial, range(5), chunksize=2)) == [1, 1, 2, 6, 24]
            try:
                executor.submit(own, 1)
            except scoria.ScoriaError as error:
                assert "install cloudpickle" in str(error), error
            else:
                sys.exit("a function of __main__ was taken")
        print("fine")
    """
    command = [sys.executable, "-S", "-c", textwrap.dedent(script), str(cluster.data), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, env={**os.environ, "PYTHONPATH": ""})
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr


# ---- what goes wrong -------------------------------------------------------------------------------------------------------------

def test_an_exception_is_the_calls_own_with_its_traceback(executor):
    def fails():
        return {}["no such key"]

    future = executor.submit(fails)
    with pytest.raises(KeyError, match="no such key") as raised:
        future.result(60)
    assert isinstance(raised.value.__cause__, scoria.RemoteTraceback) and "in fails" in str(raised.value.__cause__)
    with pytest.raises(ZeroDivisionError):
        list(executor.map(lambda x: 1 // x, [1, 0], chunksize=2))


def test_an_exception_that_cannot_be_pickled_is_told(executor):
    class Odd(Exception):
        def __init__(self, a, b):
            super().__init__(a)
            self.lock = threading.Lock()

    def fails():
        raise Odd("words", 2)

    error = executor.submit(fails).exception(60)
    assert isinstance(error, scoria.ResultError) and "words" in str(error) and "in fails" in str(error.__cause__)


def test_a_result_that_cannot_be_pickled_names_task_and_node(executor, client):
    future = executor.submit(lambda: threading.Lock())
    error = future.exception(60)
    nodes = {node["id"] for node in client.pools.nodes("two")}
    assert isinstance(error, scoria.ResultError) and "lock" in str(error) and future.task_id in str(error) and error.node in nodes


def test_a_package_that_only_one_side_has_is_named(executor, tmp_path, monkeypatch):
    def of_the_node():
        pathlib.Path("only_there.py").write_text("class Thing: pass")
        import only_there

        return only_there.Thing()

    error = executor.submit(of_the_node).exception(60)
    assert isinstance(error, scoria.ResultError) and "only_there" in str(error) and "unpickled here" in str(error)

    (tmp_path / "only_here.py").write_text("def call(): return 1")
    monkeypatch.syspath_prepend(tmp_path)
    import only_here

    error = executor.submit(only_here.call).exception(60)
    assert isinstance(error, scoria.TaskError) and "only_here" in str(error) and error.node in str(error)


def test_what_cannot_be_pickled_is_refused_at_once(executor):
    with pytest.raises(TypeError, match="cannot be pickled"):
        executor.submit(abs, threading.Lock())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_killed_worker_names_signal_task_and_node(executor, client, tmp_path, number):
    def call(path):
        pathlib.Path(path).write_text(str(os.getpid()))
        time.sleep(300)

    future = executor.submit(call, str(tmp_path / "pid"))
    pid = until("the call's process", lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    os.kill(int(pid), number)
    error = future.exception(60)
    assert isinstance(error, scoria.TaskError) and number.name in str(error)
    assert error.task == future.task_id and error.node in str(error) and error.node in {node["id"] for node in client.pools.nodes("two")}
    assert executor.submit(abs, -2).result(60) == 2  # the next call works


def test_exit_within_a_call_is_its_exception(executor):
    with pytest.raises(SystemExit, match="7"):
        executor.submit(sys.exit, 7).result(60)
    error = executor.submit(os._exit, 7).exception(60)
    assert isinstance(error, scoria.TaskError) and "exit code 7" in str(error)


def test_a_python_that_is_not_there_is_named(client):
    with scoria.Executor("two", client, python="no-such-python") as executor:
        error = executor.submit(abs, -1).exception(60)
        assert isinstance(error, scoria.TaskError) and "no-such-python" in str(error) and "Executor(python=...)" in str(error)
    with scoria.Executor("two", client, environment={"PATH": "/nowhere"}) as executor:
        error = executor.submit(abs, -1).exception(60)
        assert isinstance(error, scoria.TaskError) and "python3" in str(error), error


def test_a_python_of_another_version_is_named(client, monkeypatch):
    here = "%d.%d" % sys.version_info[:2]
    other = other_python(here)
    if other is None:  # then it is this side that says to be another one
        other, here = sys.executable, "3.1"
        monkeypatch.setattr(scoria._calls, "python_version", lambda: here)
    with scoria.Executor("two", client, python=other) as executor:
        assert executor.submit(abs, -1).result(60) == 1  # by reference: any version will do
        error = executor.submit(lambda: 1).exception(60)
        assert isinstance(error, scoria.TaskError) and f"from Python {here}" in str(error)


def other_python(here):
    """A Python of another minor version, of 3.6 at least: the system's, or one of pyenv's."""
    places = [f"/usr/bin/python3.{minor}" for minor in range(6, 20)] + sorted(map(str, pathlib.Path.home().glob(".pyenv/versions/3.*/bin/python3")))
    for place in places:
        if os.path.exists(place):
            done = subprocess.run([place, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True)
            if done.returncode == 0 and done.stdout.strip() != here:
                return place
    return None


def test_a_pool_that_is_not_there_is_told_at_once(client):
    with pytest.raises(scoria.ServiceError, match="'nowhere'") as wrong:
        scoria.Executor("nowhere", client)
    assert wrong.value.code == "PoolNotFound"


def test_a_job_deleted_under_way_fails_its_calls(client):
    executor = scoria.Executor("two", client, python=sys.executable)
    future = executor.submit(time.sleep, 120)
    until("the call", future.running)
    client.jobs.delete(executor.job_id)
    assert isinstance(future.exception(60), scoria.TaskError)
    executor.shutdown()
    gone(client)


def test_a_program_that_ends_without_shutdown_leaves_nothing(cluster, client):
    script = f"""
        import sys, scoria
        executor = scoria.Executor("two", scoria.Client(data={str(cluster.data)!r}), python=sys.executable)
        future = executor.submit(abs, -3)
        future.add_done_callback(lambda done: print(done.result()))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=90)
    assert (done.returncode, done.stdout, done.stderr) == (0, "3\n", "")
    gone(client)


def test_a_child_that_ends_takes_nothing_away(executor):
    def submit_in_child():
        try:
            executor.submit(abs, -1)
        except RuntimeError as error:
            return 0 if "belongs to the process" in str(error) else 1
        return 2

    assert executor.submit(abs, -1).result(60) == 1
    child = os.fork()
    if child == 0:
        try:
            code = submit_in_child()
            executor.shutdown()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert executor.submit(abs, -2).result(60) == 2
