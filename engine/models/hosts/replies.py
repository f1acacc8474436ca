"""Translation of a host's answer into the result or error of a task."""

from engine.contract import Blocked, Permanent, Retryable, StepError
from engine.contract.model_host import Task
from engine.models.hosts import codec, messages
from engine.models.hosts.current_task import HostExit
from engine.models.hosts.tasks import PendingTask
from engine.text.terminal import clean


class ModelBug(Exception):
    """A bug in a model; its own traceback is the cause of this error."""


class _Remote(Exception):
    """A traceback of another process."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def believable(error: StepError) -> StepError:
    """Return the failure of a task on another machine without what only the engine can know.

    Models cost nothing there, and which lane is blocked or slowed is not for a host to say.
    """
    error.cost = 0
    if isinstance(error, Blocked):
        error.lane = None
    if isinstance(error, Retryable):
        error.pressure = error.retry_after = error.allowed = None
    return error


def settle(waiting: PendingTask, answer: messages.TaskReply, machine: str = "") -> None:
    """Deliver the answer of its host to a task.

    Args:
        waiting: The task.
        answer: The answer.
        machine: The other machine that it came from, empty for this one.
    """
    if waiting.answer.done():
        return
    try:
        match answer:
            case messages.TaskSuccess():
                waiting.answer.set_result(codec.unpack(answer.data))
            case messages.TaskRefused():
                error = codec.unpack_error(answer.error)
                waiting.answer.set_exception(believable(error) if machine else error)
            case messages.TaskBug():
                waiting.answer.set_exception(_defect(waiting.task, answer))
            case messages.TaskAbandoned():
                fail(waiting, Retryable("The model left it unfinished."))
    except codec.NotPlainData as error:
        name, operation = waiting.task.model.name, waiting.task.operation
        fail(waiting, ModelBug(f"{name}: the answer of {operation} cannot be used: {error}"))


def refusal_of(report: messages.ModelLoadFailed, machine: str = "") -> StepError:
    """Return why a model could not be loaded, as an error of the tasks that wait for it.

    Args:
        report: The refusal of a host.
        machine: Another machine that it is on, to be named.
    """
    error = _refusal_of(report)
    if machine:
        believable(error)
        error.message = f"{machine}: {error.message}"
        error.args = (error.message,)
        error.remedy = error.remedy and f"On {machine}: {error.remedy}"
    return error


def _refusal_of(report: messages.ModelLoadFailed) -> StepError:
    answer = report.answer
    if isinstance(answer, messages.TaskRefused):
        try:
            return codec.unpack_error(answer.error)
        except codec.NotPlainData:
            pass
    else:
        return Permanent(f"{report.key.name}: {clean(answer.type)}: {clean(answer.message)}")
    return Permanent(f"{report.key.name} cannot be loaded.")


def _defect(task: Task, defect: messages.TaskBug) -> ModelBug:
    error = ModelBug(f"{task.model.name}: {task.operation}: {defect.type}: {defect.message}")
    error.__cause__ = _Remote(defect.traceback)
    return error


def fail(waiting: PendingTask, error: Exception) -> None:
    """Fail a task unless it was cancelled."""
    if not waiting.answer.done():
        waiting.answer.set_exception(error)


def died(device: str, end: HostExit, at: str) -> Retryable:
    """Return the error of a task whose host died, or was killed because it hung."""
    remedy = "The log says what it printed last."
    if end.for_memory:
        remedy = "If it was killed for memory: a smaller model or size, or hosts.memory_share."
    return Retryable(f"The host on {device} ended at {at} ({end.how}).", remedy=remedy)
