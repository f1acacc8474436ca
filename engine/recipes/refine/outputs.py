"""The folder of one job for people: a projection of the store that can be rebuilt."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.contract.folder import ExportError, Folder
from engine.contract.outputs import UNSIGNED, Publisher
from engine.imaging.errors import ImageError
from engine.recipes.common.documents import to_json, to_yaml
from engine.recipes.common.images import SUFFIXES, Source, file_name, put_image, sweep, untouched
from engine.recipes.refine.documents import (
    candidate_name,
    candidate_stem,
    image_name,
    iteration_evaluation,
    iteration_results,
    job_summary,
)
from engine.recipes.refine.report import ImageReport, IterationReport, JobReport

SUMMARY = "summary.json"
"""The name of a job's summary."""

FORMATS = frozenset({"json", "yaml"})
"""File formats of an iteration's results."""

OWN_NAME = re.compile(
    r"iteration_(?P<number>[1-9][0-9]{0,8})"
    r"(?:(?:_candidate_[1-9][0-9]{0,2})?(?:\.png|_lineage\.json)"
    r"|_results\.(?:json|yaml)|_evaluation\.json)|summary\.json"
)
"""Names of this projection's files; nothing else is ever replaced or removed, but for copies of
stored images that have the names of signed ones."""

_UNTOUCHED = untouched("iteration_[1-9][0-9]{0,8}(?:_candidate_[1-9][0-9]{0,2})?")


def write_job(
    report: JobReport,
    folder: Path,
    artifact_path: Callable[[str], Path],
    formats: frozenset[str] = FORMATS,
    publisher: Publisher = UNSIGNED,
) -> list[str]:
    """Bring a folder in line with a report.

    Cheap to call again: what is already right is left alone. Each file appears whole or not at
    all, private to its owner (a hard link has the mode of the stored file); files of earlier
    iterations that the report no longer has are removed. Nothing outside the folder is touched,
    and links inside it are replaced, never followed.

    Args:
        report: The job.
        folder: Its folder, created if it is missing.
        artifact_path: The stored file of a hash.
        formats: `json`, `yaml` or both, for the iterations' results.
        publisher: Signs the images, if the settings ask for it.

    Returns:
        The names of the job's files, by iteration, the summary last.

    Raises:
        Blocked: An image cannot be signed now.
        ExportError: A stored image is gone or is not an image (everything else has been
            written), or a folder stands where a file belongs.
        OSError: The folder cannot be written.
    """
    if not formats <= FORMATS:
        raise ValueError(f"unknown formats of results: {sorted(formats - FORMATS)}")
    names: list[str] = []
    problems: list[str] = []
    report = with_file_names(report, artifact_path)
    with Folder(folder) as target:
        for turn in report.iterations:
            for image, name in _images(turn):
                written, problem = _put(target, image, name, artifact_path, publisher)
                names += written
                problems += problem
            names += _write_documents(target, report, turn, formats)
        target.put(SUMMARY, to_json(job_summary(report)))
        names.append(SUMMARY)
        sweep(target, names, OWN_NAME, _UNTOUCHED, artifact_path, publisher)
    if problems:
        raise ExportError(f"{folder}: {'; '.join(problems)}")
    return names


def _images(turn: IterationReport) -> Iterator[tuple[ImageReport, str]]:
    """Yield the images of an iteration with the names of their files, the selected one first."""
    yield turn, image_name(turn)
    for one in turn.others:
        yield one, candidate_name(turn, one)


def _put(
    target: Folder,
    image: ImageReport,
    name: str,
    artifact_path: Callable[[str], Path],
    publisher: Publisher,
) -> tuple[list[str], list[str]]:
    """Write an image; return the names of its files, and problems."""
    source = Source(image.artifact, image.lineage)
    try:
        stored = artifact_path(image.artifact.hash)
        return [name, *put_image(target, name, source, stored, publisher)], []
    except FileNotFoundError:
        return [name], [f"{name}: the stored image is gone"]
    except ImageError as error:
        return [name], [f"{name}: {error}"]


def with_file_names(report: JobReport, artifact_path: Callable[[str], Path]) -> JobReport:
    """The same job, whose iterations know the names of their images' files."""
    images = [image for turn in report.iterations for image in (turn, *turn.candidates)]
    if all(image.artifact.media_type not in SUFFIXES for image in images):
        return report
    turns = tuple(_with_file_names(turn, artifact_path) for turn in report.iterations)
    return report.model_copy(update={"iterations": turns})


def _with_file_names(
    turn: IterationReport, artifact_path: Callable[[str], Path]
) -> IterationReport:
    candidates = tuple(
        one.model_copy(
            update={"file": file_name(candidate_stem(turn, one), one.artifact, artifact_path)}
        )
        for one in turn.candidates
    )
    file = file_name(f"iteration_{turn.number}", turn.artifact, artifact_path)
    return turn.model_copy(update={"file": file, "candidates": candidates})


def _write_documents(
    target: Folder, report: JobReport, turn: IterationReport, formats: frozenset[str]
) -> list[str]:
    stem = f"iteration_{turn.number}"
    results = iteration_results(report, turn)
    documents: dict[str, bytes] = {}
    if "json" in formats:
        documents[f"{stem}_results.json"] = to_json(results)
    if "yaml" in formats:
        documents[f"{stem}_results.yaml"] = to_yaml(results)
    if turn.evaluation is not None:
        evaluation = iteration_evaluation(report, turn, turn.evaluation)
        documents[f"{stem}_evaluation.json"] = to_json(evaluation)
    for name, data in documents.items():
        target.put(name, data)
    return list(documents)
