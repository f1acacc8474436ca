"""The doctor's checks of one recipe: its packages, its backends, an input, and a trial of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from db.queries import jobs as queries
from db.queries.batches import own_steps
from db.rows import BatchRow, JobRow, StepRow
from engine.client.doctor.finding import Finding
from engine.client.doctor.installation import check_settings
from engine.client.documents.backends import lacking
from engine.client.documents.jobs import trouble_of
from engine.client.documents.machines import AskedMachines
from engine.client.inputs import refusal_of
from engine.client.workspace import Workspace
from engine.config.settings import SettingsError, load_environment
from engine.contract.recipe import AnyRecipe
from engine.queueing.extras import missing_extra
from engine.queueing.money.estimate import Estimate
from engine.queueing.queue import QueueOptions
from engine.text import units
from engine.text.errors import UserError
from engine.text.plural import pluralize
from engine.text.terminal import clean


@dataclass(frozen=True, slots=True)
class Trial:
    """A recipe that is to be tried.

    Attributes:
        root: The workspace, whose settings and keys are used; it need not exist.
        recipe: Name of the recipe.
        source: The input; None to try none.
        overrides: Values of `--set`.
        paid: True to run an entry even if that costs money.
    """

    root: Path
    recipe: str
    source: str | None
    overrides: Mapping[str, Any]
    paid: bool = False


def check_recipe(trial: Trial) -> Iterator[Finding]:
    """Check that a recipe can run, in a workspace that is removed at the end.

    Raises:
        UserError: There is no such recipe.
    """
    settings = list(check_settings(trial.root))
    yield from settings
    if not all(finding.ok for finding in settings):
        return
    try:
        with Workspace.trial(trial.root) as opened:
            yield from _checks(opened, trial)
    except SettingsError as error:
        yield Finding("settings", False, str(error), "Fix it, then run this again.")


def _checks(opened: Workspace, trial: Trial) -> Iterator[Finding]:
    recipe = opened.catalog.recipe(trial.recipe)
    findings = [*_packages(recipe), *_backends(opened, trial)]
    yield from findings
    if trial.source is None or not all(finding.ok for finding in findings):
        return
    estimate = None
    try:
        estimate = opened.estimate(trial.recipe, trial.source, options=_options(trial))
        yield Finding("input", True, f"{pluralize(estimate.jobs, 'entry', 'entries')} can be read")
    except (UserError, OSError) as error:
        yield _input_failure(error)
    if estimate is not None and estimate.jobs:
        yield from _first_entry(opened, trial, estimate)


def _input_failure(error: UserError | OSError) -> Finding:
    refusal = refusal_of(error)
    if refusal is None or not refusal.problems:
        return _failure("input", error)
    return Finding("input", False, str(error), "Correct the input; nothing was queued.")


def _packages(recipe: AnyRecipe) -> Iterator[Finding]:
    for lacks in missing_extra(recipe):
        yield Finding("packages", False, f"{recipe.name} needs {lacks.what}", lacks.remedy)
        return
    extra = f" of the extra {recipe.extra}" if recipe.extra else ""
    yield Finding("packages", True, f"all{extra} are installed")


def _backends(opened: Workspace, trial: Trial) -> Iterator[Finding]:
    root, settings = opened.paths.root, opened.settings
    asked = AskedMachines(root, settings.hosts, load_environment(root, settings.given))
    try:
        for capability, backends in opened.backends_of(trial.recipe, _options(trial)):
            for backend in backends:
                model = f"{backend.info.name} {backend.info.model}"
                missing = lacking(backend, asked)
                needs = f" needs {'; '.join(one.what for one in missing)}" if missing else ""
                remedy = " ".join(dict.fromkeys(one.remedy for one in missing))
                machine = asked.provider(backend)
                ready = f" is ready on {machine}" if machine else " is ready"
                state = f"{model}{needs or ready}"
                yield Finding(capability, not missing, state, remedy)
    except UserError as error:
        yield _failure("backends", error)


def _first_entry(opened: Workspace, trial: Trial, estimate: Estimate) -> Iterator[Finding]:
    """Run the first entry, with its outputs in a folder that is removed at the end."""
    if not estimate.is_free and not trial.paid:
        names = ", ".join(dict.fromkeys(line.backend for line in estimate.lines if line.paid))
        reason = f"nothing was run, since {names} costs money"
        yield Finding("trial", False, reason, "To run an entry, add --paid.", optional=True)
        return
    inside = trial.root if trial.root.is_dir() else None
    try:
        with TemporaryDirectory(prefix=".safelight-doctor-", dir=inside) as outputs:
            options = _options(trial, limit=1, output_dir=Path(outputs))
            batch = opened.follow(opened.queue(trial.recipe, trial.source, options=options))
            files = sum(path.is_file() for path in Path(outputs).rglob("*"))
            yield from _outcome(opened, batch, files)
    except (UserError, OSError) as error:
        yield _failure("trial", error)


def _outcome(opened: Workspace, batch: BatchRow, files: int) -> Iterator[Finding]:
    with opened.reading() as connection:
        [job] = queries.jobs_page(connection, batch.id, limit=1)
        every = [*queries.steps(connection, job.id), *own_steps(connection, batch.id)]
        steps = [step for step in every if not step.superseded_at]
        trouble = trouble_of(connection, job) or job.message or ""
    yield from (_step(step, job) for step in steps)
    if job.state == "done" and batch.state == "done":
        took = f" in {units.duration(_seconds(steps))}" if steps else ""
        written = f", {pluralize(files, 'file')} written"
        yield Finding("trial", True, f"{clean(job.key, 60)} is done{took}{written}")
        return
    yield Finding("trial", False, *_end(job, batch, trouble))


def _end(job: JobRow, batch: BatchRow, trouble: str) -> tuple[str, str]:
    name = clean(job.key, 60)
    if job.state == "done":
        state = batch.state.replace("_", " ")
        return f"{name} is done, and its batch is {state}", "Run it to see the reason."
    return f"{name} is {job.state}", trouble or "See the log of the workspace."


def _step(step: StepRow, job: JobRow) -> Finding:
    """Return the outcome of a step; one that a job could do without is not a problem."""
    by = f"{step.backend} {step.model}".strip()
    state = f"{step.state} by {by} in {units.duration(_seconds([step]))}"
    return Finding(step.key, step.state == "done", state, optional=job.state == "done")


def _seconds(steps: list[StepRow]) -> float:
    from db.clock import seconds_between

    return sum(seconds_between(step.started_at, step.finished_at) or 0.0 for step in steps)


def _failure(name: str, error: Exception) -> Finding:
    remedy = getattr(error, "remedy", "") or "Correct it, then run this again."
    return Finding(name, False, str(error), remedy)


def _options(trial: Trial, **chosen: Any) -> QueueOptions:
    return QueueOptions(overrides=trial.overrides, **chosen)
