"""Handlers of the forms: actions of the registry, ratings, decisions, approvals."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import JSONResponse, RedirectResponse, Response

from db.queries import lists
from db.rating import WORDS
from engine.api.gallery.acting import OFFERED, scope_of
from engine.api.gallery.deciding import (
    MAX_TEXT,
    Preview,
    hint_of,
    preview_of_choice,
    preview_of_text,
    text_now,
)
from engine.api.gallery.pages import Flash, Missing, Visit
from engine.api.ids import batch_of, job_of
from engine.api.intake.spending import require_spending
from engine.client.actions import action_of
from engine.client.gates import batch_gates, waiting_gates
from engine.client.views.recipe_info import RecipeInfo
from engine.text.terminal import clean


class BadForm(Exception):
    """A form has something that no page of ours sends; the message is a sentence."""


def act(visit: Visit, form: FormData) -> Response:
    """Do what a button of a batch or a job says; a destructive action asks first."""
    verb, target = _text(form, "verb"), _text(form, "target")
    if verb not in OFFERED:
        raise BadForm("This action is not offered here.")
    action = action_of(verb)
    if action.destructive and _text(form, "sure") != "yes":
        question = action.question(target)
        return visit.page(
            "sure.html", title=action.title, question=question, target=target, verb=verb
        )
    return done(visit, _send(visit, verb, _target(target), {}), f"/{target}")


def rate(visit: Visit, form: FormData) -> Response:
    """Rate a job or a part of it, or keep a note on it."""
    job, _, rest = _text(form, "rate").partition(":")
    value, _, part = rest.partition(":")
    if value not in {"", "none", *WORDS}:
        raise BadForm("A rating is 1 to 5, keep, reject or none.")
    arguments: dict[str, Any] = {"part": part, "author": visit.principal.name[:100]}
    arguments |= {"value": value} if value else {"note": _text(form, "note")}
    return done(visit, _send(visit, "rate", _target(f"j{job}"), arguments), _back(form, f"/j{job}"))


def show_decision(visit: Visit) -> Response:
    """Show the editor of a text."""
    key = visit.request.query_params.get("key", "")[:500]
    number = visit.number("job")
    with visit.services.readers.reading() as connection:
        line, scale = _job(visit, number)
        hint = hint_of(key, scale)
        if hint is None:
            raise Missing
        value = text_now(connection, number, key)
    return _decision_page(visit, line, key, "text", value, hint)


def decide(visit: Visit, form: FormData) -> Response:
    """Tell what a decision computes again, or send it once that has been seen."""
    number, key = visit.number("job"), _text(form, "key")[:500]
    is_text = _text(form, "kind") == "text"
    value: str | int = _text(form, "value").replace("\r\n", "\n")
    if not is_text:
        value = _number(str(value))
    elif len(str(value)) > MAX_TEXT:
        raise BadForm(f"A text has at most {MAX_TEXT} characters.")
    line, scale = _job(visit, number)
    preview = _preview(visit, number, key, value)
    if _text(form, "sure") == "yes" or not (is_text or preview.steps):
        report = _send(visit, "decide", {"job": number}, {"key": key, "value": value})
        return done(visit, report, f"/j{number}")
    hint = hint_of(key, scale) or ""
    return _decision_page(visit, line, key, "text" if is_text else "number", value, hint, preview)


def _preview(visit: Visit, job: int, key: str, value: str | int) -> Preview:
    with visit.services.readers.reading() as connection:
        if isinstance(value, int):
            return preview_of_choice(connection, job, key, value, visit.headlines)
        return preview_of_text(connection, job, key, value)


def _decision_page(
    visit: Visit,
    line: lists.JobLine,
    key: str,
    kind: str,
    value: str | int,
    hint: str,
    preview: Preview | None = None,
) -> Response:
    return visit.page(
        "decide.html",
        job=line.id,
        job_key=clean(line.key, 120),
        key=clean(key, 200),
        kind=kind,
        value=value,
        hint=hint,
        preview=preview,
    )


def approve(visit: Visit, form: FormData) -> Response:
    """Approve or reject what waits at a gate."""
    verb, target, key = _text(form, "verb"), _text(form, "target"), _text(form, "key")
    if verb not in {"approve", "reject"}:
        raise BadForm("A gate is approved or rejected.")
    arguments: dict[str, Any] = {"key": key, "fingerprint": _text(form, "fingerprint")}
    if verb == "reject":
        arguments["reason"] = _text(form, "reason")
    elif (edited := _edited(visit, target, key, _text(form, "value"))) is not None:
        arguments["value"] = edited[0]
    return done(visit, _send(visit, verb, _target(target), arguments), f"/{target}")


def _edited(visit: Visit, target: str, key: str, text: str) -> tuple[Any] | None:
    """Return the value of a gate if it was edited; None if it is as it was shown."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadForm(f"The edited value is not JSON: {clean(str(error), 200)}.") from None
    place = _target(target)
    with visit.services.readers.reading() as connection:
        gates = (
            waiting_gates(connection, place["job"])
            if "job" in place
            else batch_gates(connection, place["batch"])
        )
    shown = next((gate.value for gate in gates if gate.key == key), None)
    return None if shown == value else (value,)


def done(visit: Visit, report: Flash, back: str) -> Response:
    """Return to a page with a sentence about what was done."""
    if "application/json" in visit.request.headers.get("accept", ""):
        return JSONResponse({"text": report.text, "bad": report.bad})
    visit.flash = report
    return RedirectResponse(back, 303)


def _send(
    visit: Visit, verb: str, target: Mapping[str, int], arguments: Mapping[str, Any]
) -> Flash:
    """Have an action done and wait for its answer, as the dashboard does."""
    visit.principal.require(scope_of(verb))
    with visit.services.readers.reading() as connection:
        if "job" in target:
            batch, _ = job_of(connection, f"j{target['job']}")
        else:
            batch = batch_of(connection, f"b{target['batch']}")
        if action_of(verb).starts_work:
            require_spending(visit.services, connection, visit.principal, batch)
    source = f"gallery:{visit.principal.id}"[:100]
    report = visit.services.workspace.step_in(verb, [target], arguments, source=source)
    return Flash(report.sentence, report.refused)


def _job(visit: Visit, number: int) -> tuple[lists.JobLine, RecipeInfo]:
    with visit.services.readers.reading() as connection:
        lines = lists.jobs_of_ids(connection, [number])
        batch = lists.batch_line(connection, lines[0].batch_id) if lines else None
    if batch is None:
        raise Missing
    return lines[0], visit.headlines.of(batch.recipe)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise BadForm("A choice is a number.")
    return int(text)


def _target(text: str) -> dict[str, int]:
    """Return the batch or the job of an id."""
    kind = {"b": "batch", "j": "job"}.get(text[:1])
    if kind is None or not text[1:].isdecimal() or len(text) > 18:
        raise BadForm("There is no such batch or job.")
    return {kind: int(text[1:])}


def _back(form: FormData, other: str) -> str:
    """Return the page that a form was on; never an address of another server."""
    back = _text(form, "back")
    is_ours = back.startswith("/") and not back.startswith(("//", "/\\"))
    return back if is_ours and back.isprintable() and len(back) < 2000 else other
