"""The LocalExecutor on real workers: what concurrent.futures promises."""

import concurrent.futures
import multiprocessing
import os
import pathlib
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import numpy as np
import pytest
import scoria
from at_once import at_once
from cluster import until
from leftovers import warm_workers


def test_calls_run_in_workers_and_answer(local):
    def call(x, *, y):
        return x + y, os.getpid()

    future = local.submit(call, 1, y=2)
    value, pid = future.result(60)
    assert value == 3 and pid != os.getpid() and pid in warm_workers()
    assert future.done() and not future.running() and not future.cancel()


def test_workers_are_kept_between_calls(local):
    local.submit(abs, -1).result(60)
    assert len(warm_workers()) == 1  # no more than there are calls for
    assert len({local.submit(os.getpid).result(60) for _ in range(20)}) <= 2


def test_map_keeps_the_order_whatever_the_chunks(local):
    assert list(local.map(lambda x, y: x * y, range(7), range(1, 99))) == [x * (x + 1) for x in range(7)]
    for chunksize in (None, 1, 300):
        assert list(local.map(lambda x: -x, range(1000), chunksize=chunksize)) == [-x for x in range(1000)]
    assert list(local.map(abs, [])) == []
    with pytest.raises(ValueError, match="chunksize is 0"):
        local.map(abs, [1], chunksize=0)


def test_quick_calls_share_trips_and_slow_ones_do_not(local, monkeypatch):
    trips = []
    submit = local._submit_chunk
    monkeypatch.setattr(local, "_submit_chunk", lambda fn, rows, is_first: trips.append(len(rows)) or submit(fn, rows, is_first))
    assert list(local.map(abs, range(5000))) == list(range(5000))
    assert len(trips) < 100
    trips.clear()
    assert list(local.map(lambda x: time.sleep(0.25) or x, range(6))) == list(range(6))
    assert trips == [1] * 6


def test_results_before_an_exception_are_given(local):
    results = local.map(lambda x: 6 // x, [1, 2, 3, 0, 5], chunksize=5)
    assert [next(results) for _ in range(3)] == [6, 3, 2]
    with pytest.raises(ZeroDivisionError) as raised:
        next(results)
    assert isinstance(raised.value.__cause__, scoria.RemoteTraceback) and "<lambda>" in str(raised.value.__cause__)


def test_a_map_goes_on_after_its_block(tmp_path):
    with scoria.LocalExecutor(2) as executor:
        results = executor.map(lambda x: x + 1, range(500))
        unread = executor.map(lambda x: (tmp_path / str(x)).write_text(""), range(50))
    assert list(results) == list(range(1, 501))
    assert unread is not None and len(list(tmp_path.iterdir())) == 50


def test_map_and_wait_give_up_in_time(local):
    results = local.map(time.sleep, [60], timeout=0.3)
    with pytest.raises(concurrent.futures.TimeoutError):
        next(results)
    slow = local.submit(time.sleep, 60)
    assert concurrent.futures.wait([slow], timeout=0.2).not_done == {slow}
    assert slow.cancel()


def test_futures_complete_as_they_end(local):
    pairs = {local.submit(lambda s: time.sleep(s) or s, s): s for s in (1.0, 0.0)}
    assert [future.result() for future in concurrent.futures.as_completed(pairs, timeout=60)] == [0.0, 1.0]


def test_a_quick_call_does_not_wait_behind_a_slow_one(local):
    slow = local.submit(time.sleep, 30)
    until("it to run", slow.running)
    assert [local.submit(abs, -i).result(10) for i in range(20)] == list(range(20)) and not slow.done()
    slow.cancel()


def test_threads_may_share_an_executor(local):
    answers = []
    at_once(lambda: answers.extend(local.submit(divmod, i, 3).result(60) for i in range(50)), count=6)
    assert sorted(answers) == sorted(divmod(i, 3) for i in range(50) for _ in range(6))


def test_a_call_may_submit_from_its_callback(local):
    chained = concurrent.futures.Future()
    local.submit(abs, -1).add_done_callback(lambda done: chained.set_result(local.submit(abs, done.result() - 5)))
    assert chained.result(60).result(60) == 4


def test_no_call_is_taken_after_shutdown():
    executor = scoria.LocalExecutor(1)
    future = executor.submit(abs, -1)
    executor.shutdown(wait=False)
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(abs, -1)
    assert future.result(60) == 1
    executor.shutdown()
    scoria.LocalExecutor(1).shutdown()  # one that was never used
    until("the workers to end", lambda: not warm_workers())


def test_shutdown_can_cancel():
    """What waits; what runs is waited for, as in the standard library."""
    executor = scoria.LocalExecutor(2)
    executor.submit(abs, -1).result(60)
    futures = [executor.submit(lambda: time.sleep(2) or "done") for _ in range(5)]
    until("two calls that run", lambda: sum(future.running() for future in futures) == 2)
    executor.shutdown(cancel_futures=True)
    assert [future.result(0) for future in futures[:2]] == ["done"] * 2 and all(future.cancelled() for future in futures[2:])
    until("the workers to end", lambda: not warm_workers())


def test_shutdown_can_cancel_a_map():
    executor = scoria.LocalExecutor(1)
    results = executor.map(lambda x: time.sleep(1) or x, range(100))
    until("a call that runs", lambda: executor._dispatcher._workers and executor._dispatcher._workers[0].is_ready)
    time.sleep(0.2)
    executor.shutdown(cancel_futures=True)
    assert next(results) == 0
    with pytest.raises(concurrent.futures.CancelledError):
        list(results)


@pytest.mark.parametrize(
    "arguments, kind, told",
    [
        ({"workers": "2"}, TypeError, "workers is '2', must be a whole number"),
        ({"workers": 1.5}, TypeError, "workers is 1.5, must be a whole number"),
        ({"workers": 0}, ValueError, "workers is 0, must be at least 1"),
        ({"preload": "json"}, TypeError, "preload is 'json', must be a list of module names"),
        ({"preload": [1]}, TypeError, r"preload is \[1\], must be a list of module names"),
        ({"timeout": "3"}, TypeError, "timeout is '3', must be a number of seconds"),
        ({"timeout": 0}, ValueError, "timeout is 0, must be more than 0 seconds"),
        ({"memory": "1G"}, TypeError, "memory is '1G', must be a whole number"),
    ],
)
def test_arguments_of_a_wrong_kind_are_refused(arguments, kind, told):
    with pytest.raises(kind, match=told):
        scoria.LocalExecutor(**arguments)


@pytest.mark.parametrize("way", ["fork", "pool"])
def test_a_call_may_fork(way):
    def fork():
        child = os.fork()
        if child == 0:
            os._exit(3)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def pool():
        with multiprocessing.get_context("fork").Pool(2) as processes:
            return sum(processes.map(abs, [-1, -2]))

    with scoria.LocalExecutor(1, preload=["numpy"], timeout=60) as executor:  # numpy's threads are what a fork may wait for in vain
        for _ in range(2):
            assert executor.submit(fork if way == "fork" else pool).result(90) == 3


# ---- what travels ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("size", [100, 300_000, 50_000_000])
def test_values_of_any_size_go_and_come(local, size):
    data = os.urandom(1000) * (size // 1000 + 1)
    assert [future.result(60) for future in [local.submit(bytes.__add__, data, b"!") for _ in range(3)]] == [data + b"!"] * 3


def test_arrays_go_and_come(local):
    array = np.random.default_rng(1).normal(size=(500, 1000))
    np.testing.assert_array_equal(local.submit(np.transpose, array).result(60), array.T)


def test_a_function_with_much_data_goes_to_each_worker_once(local, monkeypatch):
    sent = []
    pack = scoria._calls.pack_here
    monkeypatch.setattr(scoria._calls, "pack_here", lambda function, content: sent.append(len(data := pack(function, content))) or data)
    array = np.arange(1_000_000.0)
    assert list(local.map(lambda i: float(array[i]), range(3000))) == [float(i) for i in range(3000)]
    assert sorted(sent)[-1] > 8_000_000 and sorted(sent)[-2] < 100_000
    with pytest.raises(IndexError):
        list(local.map(lambda i: float(array[i]), [1, 10**7]))


def test_classes_of_the_caller_come_back_as_themselves(local):
    class Point:
        def __init__(self, x):
            self.x = x

    back = local.submit(lambda x: Point(x), 5).result(60)
    assert isinstance(back, Point) and back.x == 5
    assert [point.x for point in local.map(Point, range(3))] == [0, 1, 2]


def test_a_call_sees_the_callers_environment_folder_and_path(tmp_path, monkeypatch):
    (tmp_path / "beside_the_script.py").write_text("def call(): return 'found'")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("OF_THE_CALLER", "a")
    import beside_the_script

    with scoria.LocalExecutor(1, environment={"OF_THE_CALLS": "b"}) as executor:
        assert executor.submit(beside_the_script.call).result(60) == "found"
        assert executor.submit(lambda: (os.getcwd(), os.environ["OF_THE_CALLER"], os.environ["OF_THE_CALLS"])).result(60) == (str(tmp_path), "a", "b")
        assert executor.submit(lambda: sys.executable).result(60) == os.path.abspath(sys.executable)


def test_what_is_preloaded_is_there_without_an_import():
    with scoria.LocalExecutor(np.int64(1), memory=2e9, preload=["fractions", "no_such_module"]) as executor:
        assert executor.submit(lambda: "fractions" in sys.modules).result(60)


def test_a_preloaded_module_that_was_edited_is_loaded_anew(tmp_path, monkeypatch):
    package = tmp_path / "edited"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    for word in ("old", "new"):
        (package / "part.py").write_text(f"WORD = '{word}'")
        os.utime(package / "part.py", ns=(1, 1 if word == "old" else 2**60))
        with scoria.LocalExecutor(1, preload=["edited.part"]) as executor:
            assert executor.submit(lambda: ("edited.part" in sys.modules, __import__("edited.part").part.WORD)).result(60) == (True, word)


def test_output_appears_here(local, capfd):
    local.submit(print, "printed in a worker").result(60)
    local.submit(subprocess.run, ["echo", "by a child"]).result(60)
    local.submit(warnings.warn, "of a call").result(60)
    out, err = capfd.readouterr()
    assert "printed in a worker\n" in out and "by a child\n" in out and "UserWarning: of a call\n" in err


def test_the_standard_library_suffices(tmp_path):
    """No cloudpickle, no numpy: functions that workers can import."""
    script = f"""
        import math, sys
        sys.path.insert(0, {str(pathlib.Path(scoria.__file__).parents[1])!r})
        sys.modules["cloudpickle"] = None
        import scoria
        def own(x): return x
        with scoria.LocalExecutor(2) as executor:
            assert list(executor.map(math.factorial, range(5))) == [1, 1, 2, 6, 24]
            try:
                executor.submit(own, 1)
            except scoria.ScoriaError as error:
                assert "install cloudpickle" in str(error), error
            else:
                sys.exit("a function of __main__ was taken")
        print("fine")
    """
    done = subprocess.run([sys.executable, "-S", "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=90, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr


def test_a_script_may_use_it_as_it_stands(tmp_path):
    """No `if __name__ == "__main__"`: workers do not run the script again. And what ends without shutdown() leaves nothing."""
    (tmp_path / "script.py").write_text("import scoria\n\ndef square(x):\n    return x * x\n\nexecutor = scoria.LocalExecutor(2)\nprint(sum(executor.map(square, range(10))))\n")
    done = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, timeout=90, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "285\n", "")
    until("the workers to end", lambda: not warm_workers())


def test_a_child_that_ends_takes_nothing_away(local):
    assert local.submit(abs, -1).result(60) == 1
    child = os.fork()
    if child == 0:
        code = 2
        try:
            try:
                local.submit(abs, -1)
            except RuntimeError as error:
                code = 0 if "belongs to the process" in str(error) else 1
            local.shutdown()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert local.submit(abs, -2).result(60) == 2


def test_a_childs_copy_of_the_connection_keeps_no_worker(tmp_path):
    """The workers end with their executor, though a forked child of its process lives on."""
    executor = scoria.LocalExecutor(1)
    assert executor.submit(abs, -1).result(60) == 1
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    try:
        executor.shutdown()
        until("the workers to end", lambda: not warm_workers(), 20)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def test_the_executors_thread_ends_with_it():
    before = threading.active_count()
    with scoria.LocalExecutor(1) as executor:
        executor.submit(abs, -1).result(60)
    assert threading.active_count() == before
