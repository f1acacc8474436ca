"""`safelight generate`, `evaluate` and `refine-prompt`: the parts of the loop alone.

Each queues a batch of a recipe, waits for it and prints what came of it; progress is on stderr.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from engine.cli import render
from engine.cli.completion import complete_file
from engine.cli.options import F, budget_option, json_option, settings_option, workspace_option
from engine.cli.run import exit_code_of, queue_input
from engine.cli.trust import asking_for_trust
from engine.client.entries import entries_options, entries_stream
from engine.client.watch import BatchUpdate
from engine.client.workspace import Workspace
from engine.text.terminal import clean

Print = Callable[[Workspace, Any, Path], Iterator[str]]
"""Yields the lines about a job, from its report and its folder."""


def _options(function: F) -> F:
    """Add the options that all of them have."""
    options: list[Callable[[Any], Any]] = [
        click.option("--backend", default="", metavar="NAME", help="Backend that does it."),
        settings_option,
        budget_option,
        click.option(
            "--output-dir",
            type=click.Path(file_okay=False, path_type=Path),
            help="Folder of the results, instead of the workspace's outputs/.",
        ),
        click.option("--dry-run", is_flag=True, help="Print an estimate; do nothing."),
        click.option("--yes", is_flag=True, help="Do not ask for confirmation, whatever the cost."),
        json_option,
        workspace_option,
    ]
    for option in reversed(options):
        function = option(function)
    return function


@click.command()
@click.argument("prompts", nargs=-1, required=True, metavar="PROMPT...")
@click.option("--negative-prompt", default="", help="What to keep out of the images.")
@click.option("--count", type=click.IntRange(1, 100), help="Images of each prompt (default: 1).")
@click.option("--seed", type=int, help="Source of all randomness (default: random).")
@_options
def generate(
    prompts: tuple[str, ...],
    negative_prompt: str,
    count: int | None,
    seed: int | None,
    **flags: Any,
) -> int:
    """Generate images of prompts, without evaluation, and print their files.

    They are jobs of the recipe `generate`: `safelight run generate FILE` takes files of prompts.
    """
    entries = [{"prompt": text, "negative_prompt": negative_prompt or None} for text in prompts]
    settings = {"count": count, "seed": seed}
    return _run("generate", "image", entries, settings, flags, _images)


@click.command()
@click.argument(
    "images",
    nargs=-1,
    required=True,
    metavar="IMAGE...",
    type=click.Path(path_type=Path),
    shell_complete=complete_file,
)
@click.option("--prompt", default="", help="What the images should show; they are scored by it.")
@_options
def evaluate(images: tuple[Path, ...], prompt: str, **flags: Any) -> int:
    """Say what is in images; with --prompt, how well each answers it.

    They are jobs of the recipe `evaluate`. IMAGE is a PNG, JPEG or WebP file.
    """
    entries = [{"image": str(path.absolute()), "prompt": prompt or None} for path in images]
    named = [{"id": f"{number:04d}-{path.stem}"[:200], **entry} for number, (path, entry) in
             enumerate(zip(images, entries, strict=True), 1)]  # fmt: skip
    return _run("evaluate", "vision", named, {}, flags, _evaluations)


@click.command("refine-prompt")
@click.option("--prompt", required=True, help="The prompt to improve.")
@click.option(
    "--evaluation",
    required=True,
    help="What is in its image or wrong with it: text, or @FILE with text or an evaluation.json.",
)
@click.option("--negative-prompt", default="", help="What was to be kept out of the image.")
@click.option("--brief", default="", help="What is wanted, if the prompt is no longer it.")
@_options
def refine_prompt(
    prompt: str, evaluation: str, negative_prompt: str, brief: str, **flags: Any
) -> int:
    """Write a better prompt from a prompt and an evaluation of its image, and print it.

    It is a job of the recipe `refine-prompt`.
    """
    entry = {
        "prompt": prompt,
        "negative_prompt": negative_prompt or None,
        "brief": brief or None,
        **_evaluation(evaluation),
    }
    return _run("refine-prompt", "text", [entry], {}, flags, _refined)


def _evaluation(text: str) -> dict[str, Any]:
    """Return the fields of an entry for an evaluation: text, or `@FILE`."""
    if not text.startswith("@"):
        return {"evaluation": text}
    path = Path(text[1:])
    try:
        data = path.read_bytes()[: 1 << 20].decode()
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise click.BadParameter(
            f"{path} cannot be read: {why}.", param_hint="--evaluation"
        ) from None
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return {"evaluation": data}
    if not isinstance(document, dict):
        return {"evaluation": data}
    reasons = document.get("reasons")
    words = [document.get("description") or document.get("evaluation_text"),
             *(reasons if isinstance(reasons, list) else [])]  # fmt: skip
    return {
        "evaluation": "\n".join(str(word) for word in words if word),
        "score": document.get("score"),
        "missing": document.get("missing") or None,
        "measurements": document.get("measurements") or None,
    }


def _run(
    recipe: str,
    capability: str,
    entries: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
    flags: Mapping[str, Any],
    show: Print,
) -> int:
    """Run entries of a recipe and print what came of each."""
    overrides = {name: value for name, value in settings.items() if value is not None}
    if flags["backend"]:
        overrides[capability] = flags["backend"]
    options = entries_options(
        entries,
        output_dir=flags["output_dir"],
        overrides={**overrides, **flags["overrides"]},
        budget=flags["budget"],
    )
    as_json, ask = flags["as_json"], not (flags["yes"] or flags["as_json"])
    queue_ = partial(
        queue_input,
        flags["workspace"],
        recipe,
        lambda _opened: (lambda: entries_stream(entries), options),
        as_json=as_json,
        ask=ask,
        dry_run=flags["dry_run"],
    )
    queued = asking_for_trust(queue_, ask=ask)
    if queued is None:
        return 0
    workspace, batch, note = queued
    if note:
        click.echo(note, err=True)
    ended = workspace.follow(batch, _progress)
    pairs = list(zip(workspace.results(batch), workspace.jobs(batch), strict=True))
    if as_json:
        results = [report.model_dump(mode="json") for report, _ in pairs]
        render.print_json({"batch": batch, "results": results})
        return exit_code_of(ended)
    for report, job in pairs:
        if report.error:
            click.echo(f"{clean(report.key, 80)}: {clean(report.error, 600)}", err=True)
        for line in show(workspace, report, Path(job.output)):
            click.echo(line)
    return exit_code_of(ended)


def _progress(update: BatchUpdate) -> None:
    if update.batch.total > 1 and sys.stderr.isatty():
        click.echo(f"\r{update.batch.ended}/{update.batch.total} done", nl=False, err=True)
        if update.batch.is_over:
            click.echo(err=True)


def _images(workspace: Workspace, report: Any, folder: Path) -> Iterator[str]:
    shown = workspace.shown_root / folder
    files = sorted(
        (workspace.paths.root / folder).glob("image_*.*"), key=lambda p: (len(p.name), p.name)
    )
    if report.images:
        yield from (str(shown / path.name) for path in files if path.suffix != ".json")


def _evaluations(_workspace: Workspace, report: Any, _folder: Path) -> Iterator[str]:
    judged = report.evaluation
    if judged is None:
        return
    score = "" if judged.score is None else f" {judged.score:.1f} of 100."
    yield f"{clean(report.key, 80)}:{score} {clean(judged.description, None)}"
    yield from (f"  missing: {clean(word, 300)}" for word in judged.missing)
    yield from (f"  {clean(word, 600)}" for word in judged.reasons)


def _refined(_workspace: Workspace, report: Any, _folder: Path) -> Iterator[str]:
    if report.refined_prompt:
        yield clean(report.refined_prompt, None)
    if report.negative_prompt:
        yield f"Negative prompt: {clean(report.negative_prompt, None)}"
