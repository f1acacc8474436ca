"""`safelight show`: all details of one job."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engine.cli import render
from engine.cli.doors import printable, remote_door
from engine.cli.options import json_option, workspace_option
from engine.client.documents.job import job_detail
from engine.client.documents.materials import materials_of_job
from engine.client.drawn_text import facts_of_file, result_lines, title_of
from engine.client.ids import find_job
from engine.client.sending import best_part_of
from engine.client.workspace import Workspace
from engine.text import units
from engine.text.plural import pluralize

_HEAD = ("recipe", "started_at", "finished_at", "seed", "priority", "stage", "folder")
_TRACES_SHOWN = 10
_FILES_SHOWN = 30
_INDENT, _MAX_COLUMNS, _RESULT_ROWS = 4, 100, 30


@click.command()
@click.argument("job")
@json_option
@workspace_option
def show(workspace: Path, job: str, *, as_json: bool) -> int:
    """Show everything about JOB: j1, or BATCH/KEY."""
    detail = _detail(workspace, job)
    if as_json:
        render.print_json({"job": detail})
    else:
        render.console().print(Group(*_parts(printable(detail))))
    return 0


def _detail(workspace: Path, job: str) -> dict[str, Any]:
    if remote := remote_door():
        from engine.cli.remote.jobs import local_form

        return local_form(remote.job(job))
    opened = Workspace(workspace)
    with opened.reading() as connection:
        named = find_job(connection, job)
        if named.job is None:
            raise TypeError("a job was asked for")
        detail = job_detail(connection, opened.paths, named.batch, named.job)
        detail["materials"] = materials_of_job(opened, connection, named.job.id)
        detail["best_part"] = best_part_of(opened.catalog, named) or None
    return detail


def _parts(job: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield from _head(job)
    yield from _section("Waits for approval", [_fields(g) for g in _gates(job)])
    yield from _section("Input", [_fields(job["input"])])
    yield from _section("Lineage", list(_lineage(job)))
    yield from _section("Iterations", list(_iterations(job)))
    yield from _section("Remarks", [_remarks(job["remarks"])] if job["remarks"] else [])
    yield from _section("Prompts", list(_prompts(job)))
    yield from _section("Results", list(_results(job)))
    yield from _section("Steps", _steps(job["steps"]))
    yield from _section("Files", _files(job["files"]))
    yield from _section("Materials", _materials(job.get("materials", [])))
    yield from _section("Ratings", [_rated(job["ratings"])] if job["ratings"] else [])
    yield from _section("Errors", [part for error in job["errors"] for part in _error(error)])
    yield from _section("Decisions", [_decided(job["decisions"])] if job["decisions"] else [])
    yield from _section("Calls of providers", [_call(call) for call in job["api_calls"]])
    yield from _section("Traces", list(_traces(job["traces"])))
    yield from _section("What next", [Text(line) for line in _advice(job)])


def _gates(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for gate in job["gates"]:
        yield {gate["key"]: json.dumps(gate["value"], indent=2, ensure_ascii=False)}


def _lineage(job: Mapping[str, Any]) -> Iterator[Table]:
    if origin := job["sent_from"]:
        came = "branch of" if origin["branch"] else "sent from"
        yield _fields({came: f"{origin['source']} ({origin['job']})"})
    if job["sent_to"]:
        sent = (f"{one['job']} ({one['source']})" for one in job["sent_to"])
        yield _fields({"sent to": ", ".join(sent)})


def _section(title: str, parts: list[Any]) -> Iterator[RenderableType]:
    if parts:
        yield Text("")
        yield Text(title, style="bold")
        yield from (Padding(part, (0, 0, 0, 2), expand=False) for part in parts)


def _head(job: Mapping[str, Any]) -> Iterator[RenderableType]:
    title = Text(f"{job['id']} ", style="bold") + render.shown(job["key"], style="bold")
    batch = Text(f"   of {job['batch']['id']} ") + render.shown(job["batch"]["name"], 60)
    yield title + Text("   ") + render.state(job["status"]) + batch
    if job["waits_for"]:
        yield Text(f"Waits for: {job['waits_for']}. ", style="magenta") + render.block(
            job["message"] or ""
        )
    known = {name: job[name] for name in _HEAD if job[name] not in (None, "")}
    if job["best_score"] is not None:
        known["best score"] = render.score(job["best_score"])
    if job["rating"]:
        known["rating"] = job["rating"]
    if job["cost_usd"]:
        known["cost"] = f"${job['cost_usd']:.6f}"
    yield _fields(known)


def _fields(values: Mapping[str, Any]) -> Table:
    """Return names and values, one per line."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        grid.add_row(render.shown(name, 40), render.block(text))
    return grid


def _iterations(job: Mapping[str, Any]) -> Iterator[RenderableType]:
    kinds = {file["artifact"]: file["kind"] for file in job["files"]}
    for turn in job["iterations"]:
        known = turn["score"] is not None
        score = f"score {render.score(turn['score'])}" if known else "no score"
        mark = _mark(job, turn)
        spent = units.duration(turn["seconds"])
        head = render.shown(turn["scope"], 80, "bold")
        yield head + Text(f"   {score}   {spent}{mark}")
        file = title_of(kinds.get(turn["artifact"], "image"))
        yield Padding(_fields(_turn_fields(turn, file)), (0, 0, 0, 2), expand=False)


def _mark(job: Mapping[str, Any], turn: Mapping[str, Any]) -> str:
    """Return the mark of the turn that is kept; without such a one, of those of the best score."""
    kept = (job["best_part"] or "").rpartition("/")[0]
    if kept in {other["scope"] for other in job["iterations"]}:
        return "   ★ kept" if turn["scope"] == kept else ""
    is_best = turn["score"] is not None and turn["score"] == job["best_score"]
    return "   ★ best" if is_best else ""


def _turn_fields(turn: Mapping[str, Any], file: str) -> dict[str, Any]:
    known = {
        "prompt": turn["prompt"],
        "without": turn["negative_prompt"],
        "written by": turn["author"],
        "because": turn["reason"],
        "seen": turn["critique"],
        "missing": "; ".join(turn["missing"]),
        file: turn["image"],
    }
    return {name: value for name, value in known.items() if value}


def _remarks(remarks: list[Mapping[str, Any]]) -> Table:
    return _fields({one["step"]: " ".join([one["text"], *one["missing"]]) for one in remarks})


def _prompts(job: Mapping[str, Any]) -> Iterator[Table]:
    """Yield the prompts of steps, unless the iterations have them."""
    written = [prompt for prompt in job["prompts"] if prompt["step"]]
    if written and not job["iterations"]:
        yield _fields({prompt["step"]: prompt["text"] for prompt in written})


def _results(job: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield the results of steps as their kinds draw them, if that is text."""
    columns = min(render.console().width - _INDENT, _MAX_COLUMNS)
    for result in job["results"]:
        if lines := result_lines(result, columns, _RESULT_ROWS):
            yield render.shown(result["step"], 60, "bold")
            yield Text("\n".join(lines), no_wrap=True, overflow="crop")


def _steps(steps: list[Mapping[str, Any]]) -> list[RenderableType]:
    if not steps:
        return []
    table = render.table(
        "step", "state", "backend", "tries", "time", "cost", right=("tries", "time", "cost")
    )
    for step in steps:
        table.add_row(
            render.shown(step["key"], 60),
            render.shown(step["state"]),
            render.shown(f"{step['backend']} {step['model']}", 40),
            str(step["attempts"]),
            units.duration(step["seconds"]),
            _cost(step),
        )
    return [table]


def _files(files: list[Mapping[str, Any]]) -> list[RenderableType]:
    """Yield one line per file, the newest ones, with the facts of its kind."""
    if not files:
        return []
    rows = render.table("step", "role", "kind", "facts", "artifact", stretch="facts")
    for file in files[-_FILES_SHOWN:]:
        rows.add_row(
            render.shown(file["step"] or "", 60),
            render.shown(file["role"], 30),
            render.shown(title_of(file["kind"]), 30),
            render.shown(_facts(file), 80),
            render.shown(file["artifact"][:12]),
        )
    more = len(files) - _FILES_SHOWN
    older = [Text(f"{pluralize(more, 'older one is', 'older ones are')} in show --json")]
    return [*(older if more > 0 else []), rows]


def _materials(materials: list[Mapping[str, str]]) -> list[RenderableType]:
    """Yield one line per model, LoRA and song, with its licence."""
    if not materials:
        return []
    table = render.table("what", "name", "licence", "stated in", stretch="name")
    for one in materials:
        table.add_row(
            render.shown(one["role"], 30),
            render.shown(one["name"], 120),
            render.shown(one["licence"] or "not stated", 80),
            render.shown(one["stated_in"], 40),
        )
    return [table]


def _facts(file: Mapping[str, Any]) -> str:
    parts = (file["media_type"], units.size(file["bytes"]), facts_of_file(file))
    return ", ".join(part for part in parts if part)


def _cost(step: Mapping[str, Any]) -> str:
    """Return the cost of a step, or its saving if another step's result was reused."""
    if step["reused_from"] is not None:
        saved = f", ${step['saved_usd']:.6f} saved" if step["saved_usd"] else ""
        return f"reused{saved}"
    return f"${step['cost_usd']:.6f}" if step["cost_usd"] else ""


def _error(error: Mapping[str, Any]) -> Iterator[RenderableType]:
    where = f"in {error['step']} " if error["step"] else ""
    yield Text(f"{error['kind']} ", style="bold red") + render.shown(
        f"{where}at {error['at']}: {error['message']}", 4000
    )
    if error["remedy"]:
        yield Text("  What to do: ", style="bold") + render.block(error["remedy"])
    if error["traceback"]:
        yield Padding(
            render.block(error["traceback"], 20_000), (0, 0, 0, 4), style="dim", expand=False
        )


def _decided(decisions: list[Mapping[str, Any]]) -> Table:
    return _fields({decision["key"]: decision["value"] for decision in decisions})


def _rated(ratings: list[Mapping[str, Any]]) -> Table:
    """Return the present rating of a job and of each part; a job's own has no name of a part."""
    present = {one["part"] or "the job": one for one in ratings}
    return _fields(
        {
            part: "  ".join(
                [one["rating"] or "none", *filter(None, [one["note"]]), f"({one['author']})"]
            )
            for part, one in present.items()
        }
    )


def _call(call: Mapping[str, Any]) -> Text:
    parts = [
        f"{call['step']}, try {call['attempt']}: {call['status']}",
        f"${call['cost_usd']:.6f}",
        call["request_id"] and f"request {call['request_id']}",
        call["error"],
    ]
    return render.shown(", ".join(str(part) for part in parts if part), 400)


def _traces(traces: list[Mapping[str, Any]]) -> Iterator[Text]:
    """Yield the paths of the newest traces, and the number of older ones."""
    if (older := len(traces) - _TRACES_SHOWN) > 0:
        yield Text(f"{pluralize(older, 'older one is', 'older ones are')} in show --json")
    for trace in traces[-_TRACES_SHOWN:]:
        yield render.shown(f"{trace['step']}: {trace['file']}, {units.size(trace['bytes'])}", 300)


def _advice(job: Mapping[str, Any]) -> Iterator[str]:
    name, state = job["id"], job["status"]
    if state == "failed":
        yield f"safelight retry {name}     continue from the failed step"
    elif state == "parked" and job["waits_for"] == "unknown-outcome":
        yield f"safelight retry {name}     call again; it may be paid for twice"
        yield f"safelight cancel {name}    abandon the job"
    elif state == "parked" and job["waits_for"] == "approval":
        yield f"safelight approve {name}    approve and continue; --edit FILE to change the value"
        yield f"safelight reject {name}     reject; the recipe tries something else or fails"
    elif state in {"parked", "paused"}:
        yield f"safelight resume {name}    continue, once the requirement is met"
    elif state == "cancelled":
        yield f"safelight retry {name}     run it again"
