"""Whole texts of a batch, a job or a part of a job: what matters most comes first."""

import contextlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from db.queries import inspect, lists, texts
from db.queries.batches import batch as batch_row
from db.rows import ArtifactRow, CritiqueRow, ErrorRow, EventRow
from engine.client.views.stored import stored_file
from engine.config.paths import WorkspacePaths
from engine.contract.tracing import TRACE
from engine.text import figures
from engine.text.plural import pluralize
from engine.text.terminal import clean
from tui.snapshots.node import node_of
from tui.snapshots.subject import Subject

TextKind = Literal["text", "json", "log", "trace"]

MAX_TRACES = 3
"""Maximum traces of a part; the newest of more."""

MAX_LOGS = 2
"""Maximum log files; the newest of more."""


@dataclass(frozen=True, slots=True)
class WholeText:
    """One text in full; it is cleaned as it is shown.

    Attributes:
        title: Its name, in a word or two.
        text: The text, if it does not come from a file.
        kind: The way in which it is shown: `json` and `trace` are formatted first.
        path: The file that holds it.
    """

    title: str
    text: str = ""
    kind: TextKind = "text"
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of something.

    Attributes:
        title: Its name, cleaned.
        texts: Its texts, the most important first.
    """

    title: str
    texts: tuple[WholeText, ...]


def read_texts(connection: sqlite3.Connection, subject: Subject, paths: WorkspacePaths) -> Texts:
    """Return the texts of a batch, a job or a part of a job."""
    if not subject.job:
        return _of_batch(connection, subject.batch, paths)
    node = node_of(connection, subject)
    steps = node.steps if node else ()
    line = next(iter(lists.jobs_of_ids(connection, [subject.job])), None)
    title = f"j{subject.job} {clean(line.key, 60)}" if line else f"j{subject.job}"
    if node is not None:
        title += f" › {clean(node.label if node.id < 0 else node.scope + '/' + node.label, 60)}"
    return Texts(title, tuple(_of_job(connection, subject, steps, paths)))


def logs(paths: WorkspacePaths) -> Iterator[WholeText]:
    """Yield the newest log files of engines, the newest first."""
    with contextlib.suppress(OSError):
        files = [p for p in paths.logs.glob("*.log") if p.is_file() and not p.is_symlink()]
        newest = sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)
        for path in newest[:MAX_LOGS]:
            yield WholeText(f"log {clean(path.stem, 30)}", kind="log", path=path)


# -- batches ----------------------------------------------------------------------------------


def _of_batch(connection: sqlite3.Connection, batch_id: int, paths: WorkspacePaths) -> Texts:
    row = batch_row(connection, batch_id)
    if row is None:
        return Texts(f"b{batch_id}", ())
    every = [
        _text("failures", _failures(connection, batch_id)),
        _text("settings", row.settings, "json"),
        _text("events", "\n".join(map(_event, texts.events(connection, batch_id))), "log"),
        _text("summary", row.summary if row.summary != "{}" else "", "json"),
        *logs(paths),
    ]
    return Texts(f"b{batch_id} {clean(row.name, 60)}", tuple(text for text in every if text))


def _failures(connection: sqlite3.Connection, batch_id: int) -> str:
    """Return failed and parked jobs by their causes, the most frequent first."""
    causes: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for key, *cause in texts.failures(connection, batch_id):
        causes[(cause[0], cause[1], cause[2], cause[3])].append(key)
    parts = []
    for (state, kind, message, remedy), keys in sorted(causes.items(), key=lambda c: -len(c[1])):
        heading = f"── {pluralize(len(keys), 'job')} {state}, {kind or 'no reason'}"
        parts.append("\n".join([heading, message, remedy, "", *(f"  {key}" for key in keys)]))
    return "\n\n".join(parts)


# -- jobs -------------------------------------------------------------------------------------


def _of_job(
    connection: sqlite3.Connection, subject: Subject, steps: Sequence[int], paths: WorkspacePaths
) -> Iterator[WholeText]:
    job = subject.job
    errors = texts.errors(connection, job, steps)
    yield from _some("error", "\n\n".join(map(_error, errors)))
    reasons = "\n\n".join(_reasons(*one) for one in texts.critiques(connection, job, steps))
    yield from _some("reasons", reasons)
    yield from _some("prompt", _prompts(connection, job, steps))
    if subject.node > 0 and (step := texts.step_text(connection, subject.node)):
        yield from _some("request", step.request, "json")
        yield from _some("result", step.result, "json")
    yield from _traces(texts.files(connection, job, steps), paths)
    yield from _some("calls", _calls(connection, job, steps))
    if not steps:
        yield from _some("input", inspect.job_input(connection, job, texts.MAX_TEXT), "json")
        lines = map(_event, texts.events(connection, 0, job))
        yield from _some("events", "\n".join(lines), "log")


def _some(title: str, text: str, kind: TextKind = "text") -> Iterator[WholeText]:
    if text.strip():
        yield WholeText(title, text, kind)


def _text(title: str, text: str, kind: TextKind = "text") -> WholeText | None:
    """Return a text; None if it is empty."""
    return WholeText(title, text, kind) if text.strip() else None


def _error(error: ErrorRow) -> str:
    heading = f"── {figures.clock(error.created_at)}  {error.kind}  {error.type}"
    parts = [heading, error.message, error.remedy]
    return "\n".join([*filter(None, parts), *(["", error.traceback] if error.traceback else [])])


def _reasons(scope: str, critique: CritiqueRow) -> str:
    lines = [f"── {scope.replace('/', ' › ') or 'the job'}", critique.text]
    missing = _data(critique.missing)
    if isinstance(missing, list) and missing:
        lines.append(f"missing: {', '.join(map(str, missing))}")
    measured = _data(critique.measurements)
    if isinstance(measured, dict):
        lines += [f"  {name}: {value}" for name, value in measured.items()]
    return "\n".join(lines)


def _prompts(connection: sqlite3.Connection, job_id: int, steps: Sequence[int]) -> str:
    parts = []
    for prompt in texts.prompts(connection, job_id, steps):
        by = ": ".join(filter(None, [prompt.author, prompt.reason]))
        lines = [f"── {figures.clock(prompt.created_at)}  {by}".rstrip(), prompt.text]
        if prompt.negative:
            lines.append(f"negative: {prompt.negative}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _traces(files: Sequence[ArtifactRow], paths: WorkspacePaths) -> Iterator[WholeText]:
    """Yield the newest traces, as files."""
    newest = dict.fromkeys(file.hash for file in files if file.role == TRACE)
    for number, hash_ in enumerate(list(newest)[:MAX_TRACES]):
        title = f"trace {number + 1}" if len(newest) > 1 else "trace"
        yield WholeText(title, kind="trace", path=stored_file(paths, hash_))


def _calls(connection: sqlite3.Connection, job_id: int, steps: Sequence[int]) -> str:
    lines = []
    for call in texts.calls(connection, job_id, steps):
        words = f"{figures.clock(call.started_at)}  {call.purpose}  {call.backend} {call.model}"
        words += f"  attempt {call.attempt}  {call.status}"
        words += f"  {figures.money(call.cost)}" if call.cost else ""
        words += f"  request {call.request_id}" if call.request_id else ""
        lines += [words, *([f"  {call.error}"] if call.error else [])]
    return "\n".join(lines)


def _event(event: EventRow) -> str:
    level = event.level.upper() if event.level != "info" else ""
    who = f"j{event.job_id}" if event.job_id else ""
    return f"{event.at[:19]}  {level:<7} {who:<7} {event.type}: {event.message}"


# -- formatting -------------------------------------------------------------------------------


def formatted(text: WholeText, data: str) -> str:
    """Return the content of a text as it is shown: JSON on several lines, a trace by its parts."""
    if text.kind not in {"json", "trace"}:
        return data
    parsed = _data(data)
    if text.kind == "trace" and isinstance(parsed, dict) and parsed.get("exchanges"):
        return _trace(parsed)
    return _pretty(parsed) if parsed is not None else data


def _trace(trace: dict[str, Any]) -> str:
    head = {name: value for name, value in trace.items() if name != "exchanges"}
    parts = [_pretty(head)]
    for exchange in trace["exchanges"]:
        if isinstance(exchange, dict):
            parts += [_half(exchange, "request"), _half(exchange, "reply")]
    return "\n\n".join(parts)


def _half(exchange: dict[str, Any], name: str) -> str:
    half = exchange.get(name)
    if not isinstance(half, dict):
        return f"── {name}: none"
    first = " ".join(str(half[key]) for key in ("method", "url", "status") if key in half)
    headers = half.get("headers")
    lines = [f"── {name} {first}".rstrip()]
    if isinstance(headers, dict):
        lines += [f"{key}: {value}" for key, value in headers.items()]
    rest = {
        key: value
        for key, value in half.items()
        if key not in {"method", "url", "status", "headers", "body"}
    }
    lines += [_pretty(rest)] if rest else []
    body = half.get("body")
    return "\n".join([*lines, "", body if isinstance(body, str) else _pretty(body)])


def _pretty(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False)


def _data(text: str) -> Any:
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text)
    return None
