"""What an operator asks for, as commands in the store, and what became of it."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from db.errors import StoreError
from db.queries.batches import command as read_command
from db.store import Store
from db.writes.commands import add_command
from engine.config.paths import WorkspacePaths
from engine.runtime.lock import lock_holder
from engine.text.plural import counted
from engine.text.terminal import clean

ANSWER_SECONDS = 5.0

Target = Mapping[str, int]
"""`{"job": 12}` or `{"batch": 3}`."""


def ask_for(
    paths: WorkspacePaths, verb: str, targets: Sequence[Target], arguments: Mapping[str, Any]
) -> tuple[str, bool]:
    """Asks the engine to do something to each target, and waits a while for its answers.

    Without a target it is asked once: a lane is changed for all batches.

    Where no engine runs the commands are carried out here, as the command line does. This blocks:
    call it in a thread.

    Returns:
        A sentence, and whether anything was refused.

    Raises:
        StoreError: The store cannot be written.
    """
    if not paths.store.exists():
        raise StoreError("The store is gone; nothing was asked for.")
    store = Store(paths.store)
    about = [[target] for target in targets] or [[]]
    with store.intake() as write:
        numbers = write(lambda c: [add_command(c, verb, one, arguments, "tui") for one in about])
    if lock_holder(paths.lock) is None:
        _carry_out(paths)
    is_of_batches = bool(targets) and "batch" in targets[0]
    noun, many = ("batch", "batches") if is_of_batches else ("job", "jobs")
    return _answers(store, numbers, (verb, noun, many))


def _carry_out(paths: WorkspacePaths) -> None:
    from engine.client.workspace import (
        open_workspace,  # as `safelight retry` does without an engine
    )

    open_workspace(paths.root, create=False).carry_out_commands()


About = tuple[str, str, str]
"""A command's verb, and what its targets are called: one, many."""


def _answers(store: Store, numbers: Sequence[int], about: About) -> tuple[str, bool]:
    deadline = time.monotonic() + ANSWER_SECONDS
    connection = store.reader()
    try:
        while True:
            found = [read_command(connection, number) for number in numbers]
            waiting = sum(1 for command in found if command and command.state == "pending")
            if not waiting or time.monotonic() > deadline:
                break
            time.sleep(0.05)
    finally:
        connection.close()
    refused = [c.answer or "" for c in found if c and c.state == "refused"]
    done = [c.answer or "" for c in found if c and c.state == "done"]
    return clean(_summary(about, done, refused, waiting), 400), bool(refused)


_DONE = {
    "pause": "Paused",
    "resume": "Resumed",
    "retry": "Retried",
    "cancel": "Cancelled",
    "priority": "Changed the priority of",
}


def _summary(about: About, done: Sequence[str], refused: Sequence[str], waiting: int) -> str:
    if len(done) + len(refused) + waiting == 1:
        return (done or refused or ["Asked for; the engine has not answered yet."])[0]
    verb, noun, many = about
    parts = [f"{_DONE.get(verb, 'Did it to')} {counted(len(done), noun, many)}."] if done else []
    if refused:
        parts.append(f"{counted(len(refused), noun, many)} refused: {refused[0]}")
    if waiting:
        parts.append(f"{counted(waiting, noun, many)} not answered yet.")
    return " ".join(parts)
