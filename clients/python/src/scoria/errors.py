"""What goes wrong, as exceptions. All are a ScoriaError."""

from __future__ import annotations

from typing import Optional


class ScoriaError(Exception):
    """Whatever Scoria refuses or cannot do."""


class ModelError(ScoriaError, ValueError):
    """A model file that cannot be read, or rows that the model does not take.

    `code` is the library's word for it: invalid, not_found, denied, too_large, exhausted, unavailable, corrupt, unsupported.
    """

    def __init__(self, message: str, code: str = "invalid") -> None:
        super().__init__(message)
        self.code = code


class ModelNotFoundError(ModelError, FileNotFoundError):
    """There is no such model file."""

    def __str__(self) -> str:  # OSError's own wants an errno
        return str(self.args[0])


class LibraryError(ScoriaError, ImportError):
    """libscoria.so cannot be found, or is another version than this package speaks."""


class PredictionWarning(UserWarning):
    """What a person should know about predictions, such as levels that the model has not seen and how they were treated."""


class ServiceError(ScoriaError):
    """The server refused a request.

    `status` is HTTP's, `code` Azure's ("PoolNotFound"), `message` for people.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code or 'status ' + str(status)}: {message}")
        self.status = status
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type, tuple[int, str, str]]:
        return (type(self), (self.status, self.code, self.message))


class ConnectError(ScoriaError, ConnectionError):
    """No answer came from the server."""


class TaskError(ScoriaError):
    """A call of an Executor whose task ended without an answer: killed, no Python there, its node lost.

    `task` and `job` name the task, `node` where it ran (None where it never did), `exit_code` is what it ended with.
    """

    def __init__(self, message: str, job: str = "", task: str = "", node: Optional[str] = None, exit_code: Optional[int] = None) -> None:
        super().__init__(message)
        self.job, self.task, self.node, self.exit_code = job, task, node, exit_code

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return (type(self), (str(self), self.job, self.task, self.node, self.exit_code))


class WorkerError(TaskError):
    """A call of a LocalExecutor whose worker ended under it, was killed for the time that it took, or could not be started.

    `call` and `worker` name both, `node` is this machine, `output` the last that the worker wrote.
    """

    def __init__(self, message: str, call: str = "", worker: Optional[str] = None, node: Optional[str] = None, output: str = "") -> None:
        super().__init__(message, node=node)
        self.call, self.worker, self.output = call, worker, output

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return (type(self), (str(self), self.call, self.worker, self.node, self.output))


class ResultError(TaskError):
    """A call that ran, and whose result or exception could not be pickled there or unpickled here."""


class RemoteTraceback(Exception):
    """The traceback of an exception on its node, as text: the exception's __cause__."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f'\n"""\n{self.text}"""'
