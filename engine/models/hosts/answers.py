"""From what a host says of a task to what whoever waits for it is told."""

from engine.contract import Retryable
from engine.contract.model_host import Task
from engine.models.hosts import messages, plain
from engine.models.hosts.tasks import Waiting
from engine.models.hosts.work import End


class ModelDefect(Exception):
    """A model failed by a defect; its own traceback is the cause of this."""


class _Remote(Exception):
    """A traceback of another process."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def settle(waiting: Waiting, answer: messages.Answer) -> None:
    """Gives a task the answer that its host has for it."""
    if waiting.answer.done():
        return
    try:
        match answer:
            case messages.Success():
                waiting.answer.set_result(plain.unpack_answer(answer.data))
            case messages.Refused():
                waiting.answer.set_exception(plain.unpack_error(answer.error))
            case messages.Defect():
                waiting.answer.set_exception(_defect(waiting.task, answer))
            case messages.Left():
                fail(waiting, Retryable("The model left it unfinished."))
    except plain.NotPlain as error:
        name, operation = waiting.task.model.name, waiting.task.operation
        fail(waiting, ModelDefect(f"{name}: the answer of {operation} cannot be used: {error}"))


def _defect(task: Task, defect: messages.Defect) -> ModelDefect:
    error = ModelDefect(f"{task.model.name}: {task.operation}: {defect.type}: {defect.message}")
    error.__cause__ = _Remote(defect.traceback)
    return error


def fail(waiting: Waiting, error: Exception) -> None:
    """Fails a task that somebody still waits for."""
    if not waiting.answer.done():
        waiting.answer.set_exception(error)


def died(device: str, end: End, at: str) -> Retryable:
    """What a task is told whose host has died, or was ended because it hung."""
    remedy = "The log says what it printed last."
    if end.for_memory:
        remedy = "If it was killed for memory: a smaller model or size, or hosts.memory_share."
    return Retryable(f"The host on {device} ended at {at} ({end.how}).", remedy=remedy)
