"""joblib and scikit-learn on a real pool, and on this machine's workers, give what they give with n_jobs=1."""

import os
import sys
import time

import joblib
import numpy as np
import pytest
import scoria
from cluster import until
from leftovers import gone, warm_workers
from sklearn import datasets, ensemble, model_selection, svm

X, Y = datasets.load_iris(return_X_y=True)
scoria.register_joblib()


@pytest.fixture(params=["pool", "local"])
def pool(request, client):
    """joblib's backend within the block."""
    with joblib.parallel_config("scoria", **({"pool": "two", "client": client} if request.param == "pool" else {"workers": 2})):
        yield
    gone(client)
    until("the workers to end", lambda: not warm_workers())


def test_grid_search_is_identical_to_one_job(pool):
    grid = {"C": [0.1, 10]}
    ours = model_selection.GridSearchCV(svm.SVC(random_state=3), grid, cv=2, n_jobs=-1, return_train_score=True).fit(X, Y)
    with joblib.parallel_config("sequential"):
        theirs = model_selection.GridSearchCV(svm.SVC(random_state=3), grid, cv=2, n_jobs=1, return_train_score=True).fit(X, Y)
    for name, values in theirs.cv_results_.items():
        if not name.endswith("_time"):
            np.testing.assert_array_equal(ours.cv_results_[name], values, err_msg=name)
    assert (ours.best_params_, ours.best_score_) == (theirs.best_params_, theirs.best_score_)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_cross_validation_is_identical(pool):
    model = ensemble.RandomForestClassifier(6, random_state=2)
    ours = model_selection.cross_val_score(model, X, Y, cv=3, n_jobs=2)
    with joblib.parallel_config("sequential"):
        theirs = model_selection.cross_val_score(model, X, Y, cv=3, n_jobs=1)
    np.testing.assert_array_equal(ours, theirs)


def test_one_job_stays_here(client):
    with joblib.parallel_backend("scoria", pool="two", client=client, python=sys.executable):  # the older way to say it
        assert set(joblib.Parallel(n_jobs=1)(joblib.delayed(os.getpid)() for _ in range(3))) == {os.getpid()}
        assert os.getpid() not in joblib.Parallel(n_jobs=2)(joblib.delayed(os.getpid)() for _ in range(2))
    gone(client)


def test_quick_calls_are_gathered(pool):
    assert joblib.Parallel(n_jobs=-1)(joblib.delayed(pow)(i, 2) for i in range(40)) == [i * i for i in range(40)]
    assert list(joblib.Parallel(n_jobs=2, return_as="generator")(joblib.delayed(abs)(-i) for i in range(6))) == list(range(6))


def test_a_failing_call_is_raised_and_the_others_end(pool):
    def call(i):
        if i == 1:
            raise ValueError(f"call {i}")
        time.sleep(60)

    begin = time.monotonic()
    with pytest.raises(ValueError, match="call 1") as raised:
        joblib.Parallel(n_jobs=2)(joblib.delayed(call)(i) for i in range(6))
    assert isinstance(raised.value.__cause__, scoria.RemoteTraceback) and time.monotonic() - begin < 55


def test_a_local_executor_may_serve_several_calls(local):
    with joblib.parallel_config("scoria", executor=local):
        pids = [set(joblib.Parallel(n_jobs=-1)(joblib.delayed(os.getpid)() for _ in range(20))) for _ in range(2)]
    assert len(pids[0] | pids[1]) <= 2 and os.getpid() not in pids[0]


def test_an_executor_may_serve_several_calls(client):
    with scoria.Executor("two", client, python=sys.executable) as executor:
        with joblib.parallel_config("scoria", executor=executor):
            assert joblib.Parallel(n_jobs=-1)(joblib.delayed(abs)(-i) for i in range(3)) == [0, 1, 2]
            assert joblib.Parallel(n_jobs=-1)(joblib.delayed(abs)(-i) for i in range(3)) == [0, 1, 2]
        assert [job["id"] for job in client.jobs.list()] == [executor.job_id]
    gone(client)


def test_a_backend_without_a_pool_is_refused():
    for options in ({}, {"pool": "two", "workers": 2}):
        with pytest.raises(TypeError, match="needs pool= or workers="):
            with joblib.parallel_config("scoria", **options):
                pass
