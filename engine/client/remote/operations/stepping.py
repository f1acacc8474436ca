"""Commands: the registry's actions on batches, jobs and the whole workspace."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.client.actions import action_of
from engine.client.keeping import rating_arguments
from engine.client.remote.asking import Operation, each, get, post
from engine.client.remote.errors import RemoteError
from engine.client.remote.operations.ids import resolve
from engine.text.amounts import decimal_text, limit_of

WAIT_SECONDS = 10


def command(
    verb: str,
    ids: Sequence[str],
    arguments: Mapping[str, Any] | None = None,
    *,
    source: str = "python",
) -> Operation[list[int]]:
    """Have something done to batches and jobs; return the commands' numbers.

    Args:
        verb: One of `engine.client.actions.ACTIONS`.
        ids: Batches and jobs; none for what is about neither.
        arguments: The action's arguments.
        source: Ignored: the server notes the token.

    Raises:
        UnknownId: Nothing has one of the ids; nothing was done.
        UnknownAction: There is no such verb; nothing was done.
    """
    del source
    answers = yield from step_in(verb, ids, arguments)
    return [int(str(answer["id"]).removeprefix("c")) for answer in answers]


def step_in(
    verb: str, ids: Sequence[str], arguments: Mapping[str, Any] | None = None
) -> Operation[list[dict[str, Any]]]:
    """Have something done, wait a while for the answers and return them, in the ids' order.

    An answer has `id`, `status` (`done`, `refused` or `pending`) and `answer`, a sentence.
    """
    action_of(verb)
    subjects = yield from each(resolve(text) for text in ids)
    paths = [f"{subject.path}/{verb}" for subject in subjects] or [f"/v1/engine/{verb}"]
    body = _body(arguments or {})
    return (yield from each(_send(path, body) for path in paths))


def _send(path: str, body: Mapping[str, Any]) -> Operation[dict[str, Any]]:
    """Send a command; a refusal of the engine is an answer like any other."""
    try:
        reply = yield from post(path, dict(body), wait=WAIT_SECONDS)
    except RemoteError as error:
        if error.code != "command-refused":
            raise
        return {"id": "c0", "status": "refused", "answer": error.message}
    return reply.document


def _body(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments as they are sent: amounts as text of dollars."""
    body = dict(arguments)
    if isinstance(budget := body.get("budget"), int):
        body["budget"] = decimal_text(budget)
    return body


def answer(number: int) -> Operation[dict[str, Any]]:
    """Read a command, with its answer once it has been carried out."""
    return (yield from get(f"/v1/commands/c{number}"))


def _one(
    verb: str, ids: Sequence[str], arguments: Mapping[str, Any] | None = None
) -> Operation[int]:
    return (yield from command(verb, ids, arguments))[0]


def pause(*ids: str) -> Operation[list[int]]:
    """Pause batches and jobs; return the commands' numbers."""
    return (yield from command("pause", ids))


def resume(*ids: str) -> Operation[list[int]]:
    """Resume batches and jobs; return the commands' numbers."""
    return (yield from command("resume", ids))


def cancel(*ids: str) -> Operation[list[int]]:
    """Cancel batches and jobs; return the commands' numbers."""
    return (yield from command("cancel", ids))


def retry(*ids: str) -> Operation[list[int]]:
    """Run failed, cancelled and parked jobs again; return the commands' numbers."""
    return (yield from command("retry", ids))


def pause_all() -> Operation[int]:
    """Pause everything, over restarts; return the command's number."""
    return (yield from _one("pause_all", []))


def resume_all() -> Operation[int]:
    """Resume everything that `pause_all` paused; return the command's number."""
    return (yield from _one("resume_all", []))


def decide(job: str, key: str, value: Any) -> Operation[int]:
    """Override a decision of a job; return the command's number."""
    return (yield from _one("decide", [job], {"key": key, "value": value}))


def undo(job: str, key: str = "") -> Operation[int]:
    """Take the latest decision of a job back, or that of a key; return the command's number."""
    return (yield from _one("undo", [job], {"key": key} if key else {}))


def approve(job: str, key: str = "", **edited: Any) -> Operation[int]:
    """Approve what a job waits with at a gate; return the command's number.

    Args:
        job: The job, or a batch for all that its jobs wait with.
        key: The gate, if the job waits at several.
        **edited: `value=...`: plain data that the recipe gets in place of what it showed.
    """
    if set(edited) - {"value"}:
        raise TypeError("approve takes value=... only")
    return (yield from _one("approve", [job], {**({"key": key} if key else {}), **edited}))


def reject(job: str, key: str = "", *, reason: str = "") -> Operation[int]:
    """Reject what a job waits with at a gate; arguments as for `approve`."""
    texts = {"key": key, "reason": reason}
    arguments = {name: text for name, text in texts.items() if text}
    return (yield from _one("reject", [job], arguments))


def rate(source: str, value: str | int | None = None, *, note: str | None = None) -> Operation[int]:
    """Rate a job or a part of it; arguments as for `Workspace.rate`."""
    job, _, part = source.partition(":")
    rated = rating_arguments(value, note, part)
    arguments = {name: one for name, one in rated.items() if name != "author" and one is not None}
    return (yield from _one("rate", [job], arguments))


def star(batch: str, *, on: bool = True) -> Operation[int]:
    """Star a batch, or take its star away; return the command's number."""
    return (yield from _one("star", [batch], {"on": on}))


def note(batch: str, text: str) -> Operation[int]:
    """Write a note on a batch; return the command's number."""
    return (yield from _one("note", [batch], {"text": text}))


def archive(batch: str) -> Operation[int]:
    """Leave a batch out of lists; return the command's number."""
    return (yield from _one("archive", [batch]))


def unarchive(batch: str) -> Operation[int]:
    """List an archived batch again; return the command's number."""
    return (yield from _one("unarchive", [batch]))


def delete(batch: str) -> Operation[int]:
    """Delete an ended batch; return the command's number."""
    return (yield from _one("delete", [batch]))


def budget(batch: str, dollars: float | str | None) -> Operation[int]:
    """Set the budget of a batch in dollars, None for none; return the command's number."""
    micro = None if dollars is None else limit_of(dollars)
    return (yield from _one("budget", [batch], {"budget": micro}))
