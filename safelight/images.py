"""Images from Python, a step at a time: generate one, evaluate it, refine its prompt.

    from safelight import evaluate_image, generate_image, refine_prompt

    image = generate_image("a lighthouse at dusk")
    seen = evaluate_image(image.path, "a lighthouse at dusk")
    better = refine_prompt("a lighthouse at dusk", seen)

Each is a batch of one job: stored, priced, shown by the dashboard, and continued by a later call of
`safelight` if this process is killed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine.client.workspace import Workspace
from engine.contract import UserError
from safelight.single import run_single


class NoResult(UserError):
    """A call has no result; the message says why."""


class ImageOnDisk(NamedTuple):
    """An image, to be unpacked: `path, seed, prompt, model = generate_image(...)`.

    Attributes:
        path: Its PNG file, which carries prompt and seed.
        seed: Its seed; None if its backend has none.
        prompt: Its prompt.
        model: Backend and model that generated it, `fal fal-ai/flux/dev`.
    """

    path: Path
    seed: int | None
    prompt: str
    model: str


class ImageEvaluation(NamedTuple):
    """An evaluation of an image.

    Attributes:
        description: What is in it, in words.
        score: How well it answers the prompt, 0 to 100; None without a prompt.
        missing: What the prompt asks for and the image lacks.
        reasons: Why the score is what it is.
        author: Backend and model that judged.
        measurements: Measured values that the score rests on, if there are any.
    """

    description: str
    score: float | None
    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    author: str
    measurements: Mapping[str, float]


class RefinedPrompt(NamedTuple):
    """A better prompt.

    Attributes:
        prompt: The prompt.
        negative_prompt: What to keep out.
        reason: Why it should be better.
        author: Backend and model that wrote it.
    """

    prompt: str
    negative_prompt: str
    reason: str
    author: str


def generate_image(
    prompt: str,
    *,
    negative_prompt: str = "",
    seed: int | None = None,
    width: int | None = None,
    height: int | None = None,
    reference_image: str | Path | None = None,
    workspace: Workspace | str | Path = ".",
    settings: Mapping[str, Any] | None = None,
) -> ImageOnDisk:
    """Generate an image of a prompt.

    Args:
        prompt: What it shows.
        negative_prompt: What to keep out of it.
        seed: Source of its randomness; by default random.
        width: Width in pixels; by default 1024.
        height: Height in pixels; by default 1024.
        reference_image: An image whose palette and layout to follow.
        workspace: Workspace, or its folder, which is created if it does not exist.
        settings: Settings of the recipe `generate` (`image`, the backend), and `BACKEND.key`.

    Raises:
        NoResult: No image was generated.
        UserError: An argument is wrong; nothing was generated.
    """
    entry = {
        "prompt": prompt,
        "negative_prompt": negative_prompt,
        "seed": seed,
        "width": width,
        "height": height,
        "reference_image": None if reference_image is None else _absolute(reference_image),
    }
    report, folder = run_single(workspace, "generate", entry, settings)
    if not report.images:
        raise NoResult(_why(report, "image"))
    image, (backend, model) = report.images[0], report.sources[0]
    file = next(iter(sorted(folder.glob("image_1.*"))), folder / "image_1.png")
    return ImageOnDisk(file, image.seed, report.prompt, f"{backend} {model}")


def evaluate_image(
    image: str | Path,
    prompt: str = "",
    *,
    workspace: Workspace | str | Path = ".",
    settings: Mapping[str, Any] | None = None,
) -> ImageEvaluation:
    """Say what is in an image, and how well it answers a prompt if one is given.

    Args:
        image: A PNG, JPEG or WebP file.
        prompt: What it should show.
        workspace: Workspace, or its folder, which is created if it does not exist.
        settings: Settings of the recipe `evaluate` (`vision`, the backend), and `BACKEND.key`.

    Raises:
        NoResult: The image was not evaluated.
        UserError: An argument is wrong.
    """
    entry = {"image": _absolute(image), "prompt": prompt}
    report, _ = run_single(workspace, "evaluate", entry, settings)
    judged = report.evaluation
    if judged is None:
        raise NoResult(_why(report, "evaluation"))
    author = f"{judged.backend} {judged.model}"
    return ImageEvaluation(
        judged.description,
        judged.score,
        judged.missing,
        judged.reasons,
        author,
        judged.measurements,
    )


def refine_prompt(
    prompt: str,
    evaluation: ImageEvaluation | str,
    *,
    negative_prompt: str = "",
    brief: str = "",
    workspace: Workspace | str | Path = ".",
    settings: Mapping[str, Any] | None = None,
) -> RefinedPrompt:
    """Write a better prompt from a prompt and an evaluation of the image that it gave.

    Args:
        prompt: The prompt.
        evaluation: The evaluation, or words about what is in the image or wrong with it.
        negative_prompt: What was to be kept out of it.
        brief: What is wanted, if the prompt is no longer it.
        workspace: Workspace, or its folder, which is created if it does not exist.
        settings: Settings of the recipe `refine-prompt` (`text`, the backend), and `BACKEND.key`.

    Raises:
        NoResult: No prompt was written.
        UserError: An argument is wrong.
    """
    entry: dict[str, Any] = {"prompt": prompt, "negative_prompt": negative_prompt, "brief": brief}
    if isinstance(evaluation, str):
        entry["evaluation"] = evaluation
    else:
        words = "\n".join((evaluation.description, *evaluation.reasons))
        entry |= {
            "evaluation": words,
            "score": evaluation.score,
            "missing": list(evaluation.missing),
            "measurements": dict(evaluation.measurements),
        }
    report, _ = run_single(workspace, "refine-prompt", entry, settings)
    if not report.refined_prompt:
        raise NoResult(_why(report, "prompt"))
    return RefinedPrompt(
        report.refined_prompt, report.negative_prompt, report.reason, report.author
    )


def _absolute(path: str | Path) -> str:
    return str(Path(path).expanduser().absolute())


def _why(report: Any, what: str) -> str:
    return report.error or f"There is no {what}: the job is {report.state}; see: safelight status"
