"""Scoria from Python.

    scoria.load("model.pkl").predict(X)                  a model of R or scikit-learn, scored without either
    scoria.Client()                                      the server's batch API and blob storage
    scoria.LocalExecutor(workers=2).map(f, values)       concurrent.futures on warm workers of this machine
    scoria.Executor(pool="night").map(f, values)         concurrent.futures on a pool
    scoria.register_joblib()                             joblib, and so scikit-learn, on either

docs/python.md has the examples.
"""

from .blobs import Blob
from .client import Client
from .errors import (
    ConnectError,
    LibraryError,
    ModelError,
    ModelNotFoundError,
    PredictionWarning,
    RemoteTraceback,
    ResultError,
    ScoriaError,
    ServiceError,
    TaskError,
    WorkerError,
)
from .executor import Executor, TaskFuture
from .local import LocalExecutor, LocalFuture
from .model import Model, inspect, load

__version__ = "0.1.0"


def register_joblib() -> None:
    """Makes "scoria" a backend of joblib: joblib.parallel_config("scoria", pool="night"), or workers=2. Needs joblib."""
    from . import joblib_backend

    joblib_backend.register()


__all__ = [
    "Blob",
    "Client",
    "ConnectError",
    "Executor",
    "LibraryError",
    "LocalExecutor",
    "LocalFuture",
    "Model",
    "ModelError",
    "ModelNotFoundError",
    "PredictionWarning",
    "RemoteTraceback",
    "ResultError",
    "ScoriaError",
    "ServiceError",
    "TaskError",
    "TaskFuture",
    "WorkerError",
    "inspect",
    "load",
    "register_joblib",
]
