"""joblib on a pool or on this machine's warm workers, and with it everything of scikit-learn that takes n_jobs.

    scoria.register_joblib()
    with joblib.parallel_config("scoria", pool="night"):  # or workers=2
        GridSearchCV(model, grid, n_jobs=-1).fit(X, y)

The nodes' Python needs joblib, and what the calls use (scikit-learn). Large arrays are sent once for all calls. As with dask, what is asked with
n_jobs=None within the block goes to the pool too, such as a forest's predict(); n_jobs=1 stays here.
"""

from __future__ import annotations

import concurrent.futures
import sys
from typing import Any, Callable, Optional, Union

from joblib import register_parallel_backend
from joblib._parallel_backends import AutoBatchingMixin, FallbackToBackend, ParallelBackendBase, SequentialBackend

from .executor import Executor
from .local import LocalExecutor

AnyExecutor = Union[Executor, LocalExecutor]


class ScoriaBackend(AutoBatchingMixin, ParallelBackendBase):  # type: ignore[misc]
    """Each joblib.Parallel has an Executor of its own, gone when it ends; or `executor=` is one that stays.

    Other arguments are Executor's: pool, client, python, slots, environment; or, with workers=, LocalExecutor's.
    """

    supports_retrieve_callback = True
    default_n_jobs = -1

    def __init__(self, executor: Optional[AnyExecutor] = None, nesting_level: Optional[int] = None, inner_max_num_threads: Optional[int] = None, **options: Any) -> None:
        super().__init__(nesting_level=nesting_level, inner_max_num_threads=inner_max_num_threads)
        if executor is None and ("pool" in options) == ("workers" in options):
            raise TypeError("the joblib backend 'scoria' needs pool= or workers=, or executor=")
        if "workers" in options:  # what is in use here will be there
            options.setdefault("preload", ["joblib", *(name for name in ("numpy", "pandas", "scipy", "sklearn") if name in sys.modules)])
        self._given, self._options = executor, options
        self._own: Optional[AnyExecutor] = None
        if "workers" not in options and not isinstance(executor, LocalExecutor):
            # Seconds: batches that take less grow, those that take more shrink. joblib's own 0.2 and 2 s are less than a task takes to import
            # scikit-learn, so that quick calls would stay alone for ever.
            self.MIN_IDEAL_BATCH_DURATION, self.MAX_IDEAL_BATCH_DURATION = 5.0, 30.0
        self._open: set[concurrent.futures.Future[Any]] = set()

    def _executor(self) -> AnyExecutor:
        if self._given is not None:
            return self._given
        if self._own is None:
            self._own = LocalExecutor(**self._options) if "workers" in self._options else Executor(**self._options)
        return self._own

    def effective_n_jobs(self, n_jobs: Optional[int]) -> int:
        """What the executor runs at once, or fewer, where `n_jobs` says so."""
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        if n_jobs == 1:
            return 1
        workers = self._executor().workers
        return workers if n_jobs is None or n_jobs < 0 else min(n_jobs, workers)

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        if n_jobs == 1:  # as joblib's own backends have it: nothing to share out, so here
            raise FallbackToBackend(SequentialBackend(nesting_level=self.nesting_level))
        self.parallel = parallel
        return self.effective_n_jobs(n_jobs)

    def submit(self, func: Callable[[], Any], callback: Optional[Callable[[Any], None]] = None) -> concurrent.futures.Future[Any]:
        future = self._executor().submit(func)
        self._open.add(future)
        future.add_done_callback(self._open.discard)
        if callback is not None:
            future.add_done_callback(callback)
        return future

    apply_async = submit  # what joblib before 1.5 calls it

    def retrieve_result_callback(self, out: concurrent.futures.Future[Any]) -> Any:
        return out.result()

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """After a call failed: the others' results are not wanted any more."""
        for future in list(self._open):
            future.cancel()

    def terminate(self) -> None:
        own, self._own = self._own, None
        if own is not None:
            self.abort_everything()  # where it was interrupted, calls run that nobody waits for
            own.shutdown(cancel_futures=True)

    def get_nested_backend(self) -> tuple[Any, None]:
        """Within a call, its slot is all there is."""
        return SequentialBackend(nesting_level=(self.nesting_level or 0) + 1), None


def register() -> None:
    """Makes "scoria" a name of joblib's backends."""
    register_parallel_backend("scoria", ScoriaBackend)
