"""Command lines: for a workspace, and one that does the same as a command of an operator."""

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.client.actions import UnknownAction, action_of
from engine.contract.decisions import PROMPT

MICRO = 1_000_000


def command_line(root: Path, what: str) -> str:
    """Return a command for a workspace that can be copied, with this program's name and the folder.

    Args:
        root: The workspace as given by the user.
        what: The command, such as `engine --until-idle`.
    """
    here = "" if root == Path() else f" --workspace {shlex.quote(str(root))}"
    return f"{_program()} {what}{here}"


def _program() -> str:
    """Return the name that this program was started by."""
    return "safelight" if Path(sys.argv[0]).name == "safelight" else "python -m safelight"


def command_text(
    verb: str, targets: Sequence[Mapping[str, int]], arguments: Mapping[str, Any]
) -> str:
    """Return a line for a shell, such as `safelight pause b3`.

    Args:
        verb: The verb of an action.
        targets: Its targets: `{"job": 12}` or `{"batch": 3}`.
        arguments: Its arguments, as they were stored.
    """
    ids = [f"{kind[:1]}{number}" for target in targets for kind, number in target.items()]
    build = _BUILDERS.get(verb, _plain)
    return shlex.join(["safelight", *_words(verb), *build(ids, arguments)])


def _words(verb: str) -> list[str]:
    """Return the words for a verb on the command line."""
    try:
        return action_of(verb).command_line.split()
    except UnknownAction:
        return [verb]


def _plain(ids: Sequence[str], arguments: Mapping[str, Any]) -> list[str]:
    """Return the ids, then every argument as an option."""
    return [*ids, *_options(arguments)]


def _options(arguments: Mapping[str, Any]) -> list[str]:
    options: list[str] = []
    for name, value in arguments.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            options.append(flag)
        elif value is not None and value is not False and value != "":
            options += [flag, _text(value)]
    return options


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cancel(ids: Sequence[str], _arguments: Mapping[str, Any]) -> list[str]:
    return [*ids, "--yes"]


def _priority(ids: Sequence[str], arguments: Mapping[str, Any]) -> list[str]:
    return [f"{int(arguments.get('change', 0)):+d}", *ids]


def _budget(ids: Sequence[str], arguments: Mapping[str, Any]) -> list[str]:
    budget = arguments.get("budget")
    return [*ids, "none" if budget is None else f"{int(budget) / MICRO:g}"]


def _lane(_ids: Sequence[str], arguments: Mapping[str, Any]) -> list[str]:
    options = {name: value for name, value in arguments.items() if name != "lane"}
    return [str(arguments.get("lane", "")), *_options(options)]


def _decide(ids: Sequence[str], arguments: Mapping[str, Any]) -> list[str]:
    key, value = str(arguments.get("key", "")), arguments.get("value")
    if not isinstance(value, str):
        return [*ids, key, _text(value)]
    is_prompt = key.rpartition("/")[2] == PROMPT
    return [*ids, key, value, *(["--text"] if not is_prompt or _reads_as_json(value) else [])]


def _reads_as_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _gate(ids: Sequence[str], arguments: Mapping[str, Any]) -> list[str]:
    """Return an approval; an edited value is in a file on the command line, so it is left out."""
    key = str(arguments.get("key", "") or "")
    reason = {"reason": arguments.get("reason")}
    return [*ids, *([key] if key else []), *_options(reason)]


_BUILDERS = {
    "approve": _gate,
    "budget": _budget,
    "cancel": _cancel,
    "decide": _decide,
    "lane": _lane,
    "priority": _priority,
    "reject": _gate,
}
