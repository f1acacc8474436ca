"""The folders for people: a projection of the store that can be rebuilt at any time."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.queries import jobs as queries
from db.rows import JobRow
from engine.contract import Artifact
from engine.contract.folder import ExportError, Folder
from engine.contract.outputs import Projection
from engine.imaging.errors import ImageError
from engine.imaging.lineage import Lineage
from engine.recipes.common.documents import VERSION, to_json
from engine.recipes.common.images import Source, file_name, put_image, sweep, untouched
from engine.recipes.common.stored import stored_bytes
from engine.recipes.visual_prompts.corpus import CorpusCreativity, Measures, read_measures
from engine.recipes.visual_prompts.documents import COMPLETE, sample_record
from engine.recipes.visual_prompts.export import belongs_to_other, write_checkpoint, write_export
from engine.recipes.visual_prompts.merge import same_data_set
from engine.recipes.visual_prompts.names import IMAGE_STEM, image_name
from engine.recipes.visual_prompts.outputs_corpus import write_corpus
from engine.recipes.visual_prompts.read_report import job_report
from engine.recipes.visual_prompts.report import ExportHead, ImageReport, SampleReport
from engine.recipes.visual_prompts.settings import VisualPromptsSettings
from engine.text.amounts import dollars
from engine.text.folder_names import claim, fold, safe_name

IMAGES = "images"
"""Folder of all images of a batch."""

SAMPLE, FEATURES, PROMPTS = "sample.json", "features.json", "prompts.txt"
NOTATION, MIDI, STAFF, MEL = "notation.abc", "notation.mid", "notation.svg", "mel.png"

_CHECKPOINTS = ((200, 10), (2000, 100))
_LAST_EVERY = 1000
_ENDED = frozenset({"done", "failed"})
_OWN_FILE = re.compile(r"(?:sample|features)\.json|prompts\.txt|notation\.(?:abc|mid|svg)|mel\.png")
_OWN_IMAGE = re.compile(rf"{IMAGE_STEM.pattern}(?:\.png|_lineage\.json)")
_UNTOUCHED = untouched(IMAGE_STEM.pattern)
_NOTHING = re.compile(r"(?!)")

Stored = Callable[[str], Path]


def write_job(projection: Projection) -> None:
    """Bring a sample's folder and its images up to date.

    Raises:
        ExportError: A stored file is gone or damaged; everything else has been written.
        OSError: The folder cannot be written.
    """
    if projection.job is None:
        return
    folder = projection.folder
    report = _report(projection, projection.job, _Places(folder, folder))
    with Folder(projection.folder) as target:
        problems = _write_sample(target, report, projection.artifact)
    problems += _write_images(report, _images_of(folder), projection)
    if problems:
        raise ExportError(f"{folder}: {'; '.join(problems)}")


def _write_sample(target: Folder, report: SampleReport, stored: Stored) -> list[str]:
    files, problems = dict(_documents(report)), list[str]()
    for name, artifact in _stored_files(report):
        try:
            files[name] = stored_bytes(artifact, stored)
        except (OSError, ExportError):
            problems.append(f"{name}: the stored file is gone or damaged")
    for name, data in files.items():
        target.put(name, data)
    sweep(target, files, _OWN_FILE, _NOTHING, stored)
    return problems


def _documents(report: SampleReport) -> Iterator[tuple[str, bytes]]:
    record = {"version": VERSION, "id": report.key, "state": report.state, **sample_record(report)}
    del record["finished_at"]  # not known yet when the folder of a job is written last
    yield SAMPLE, to_json(record)
    if report.features:
        yield FEATURES, to_json({"version": VERSION, **report.features})
    if report.prompts:
        yield PROMPTS, "\n".join(_readable(report)).encode()


def _readable(report: SampleReport) -> Iterator[str]:
    """Yield the prompts for people, each under a line with its mode and temperature."""
    for one in report.prompts:
        yield f"# {one.number} {one.mode}, temperature {one.temperature:g}\n\n{one.text}\n"


def _stored_files(report: SampleReport) -> Iterator[tuple[str, Artifact]]:
    kept = report.files
    named = ((NOTATION, kept.notation), (MIDI, kept.midi), (STAFF, kept.staff), (MEL, kept.mel))
    for name, artifact in named:
        if artifact is not None:
            yield name, artifact


def _write_images(report: SampleReport, folder: Path, projection: Projection) -> list[str]:
    """Write the images of a sample's prompts; return the problems of those that cannot be."""
    made = [one for one in report.images if one.image is not None]
    if not made:
        return []
    problems, names = list[str](), set[str]()
    with Folder(folder.parent) as above, above.folder(folder.name) as target:
        for one in made:
            name = Path(one.path).name
            try:
                names |= {name, *_put(target, name, one, report, projection)}
            except FileNotFoundError:
                problems.append(f"{name}: the stored image is gone")
            except ImageError as error:
                problems.append(f"{name}: {error}")
        publisher = projection.publisher
        sweep(target, names, _OWN_IMAGE, _UNTOUCHED, projection.artifact, publisher)
    return problems


def _put(
    target: Folder, name: str, one: ImageReport, report: SampleReport, projection: Projection
) -> list[str]:
    if one.image is None:
        return []
    prompt = next(prompt for prompt in report.prompts if prompt.number == one.number)
    lineage = Lineage(
        prompt=prompt.text,
        seed=one.seed,
        width=one.width,
        height=one.height,
        backend=one.backend,
        model=one.model,
    )
    stored = projection.artifact(one.image.hash)
    return put_image(target, name, Source(one.image, lineage), stored, projection.publisher)


def _images_of(folder: Path) -> Path:
    """Return the folder of a sample's images, from the folder of the sample."""
    return folder.parent / IMAGES / folder.name


@dataclass(frozen=True, slots=True)
class _Places:
    """Folder of a sample, and the one that paths of its images are relative to."""

    sample: Path
    start: Path


def _report(projection: Projection, job: JobRow, places: _Places) -> SampleReport:
    """Return the report of a job, whose images know the paths of their files."""
    report = job_report(projection.connection, projection.batch, job)
    above = Path(os.path.relpath(_images_of(places.sample), places.start))
    images = (_placed(one, report.index, above, projection.artifact) for one in report.images)
    return report.model_copy(update={"images": tuple(images)})


def _placed(one: ImageReport, index: int, above: Path, stored: Stored) -> ImageReport:
    if one.image is None:
        return one
    name = file_name(image_name(index, one.number), one.image, stored)
    return one.model_copy(update={"path": (above / name).as_posix()})


def _reports(projection: Projection, jobs: Sequence[JobRow], start: Path) -> list[SampleReport]:
    """Return the reports of a batch's jobs, whose images have paths relative to a folder."""
    names = set[str]()
    found = []
    for job in jobs:
        folder = projection.root / job.output
        if not projection.batch.outputs:  # an export to a folder that only this batch has
            name = claim(safe_name(job.key), lambda free: fold(free) in names)
            names.add(fold(name))
            folder = projection.root / name
        found.append(_report(projection, job, _Places(folder, start)))
    return found


def _home(projection: Projection) -> Path:
    """Return the folder that belongs to the batch alone: that of its summary."""
    return projection.root / Path(projection.batch.summary).parent


def is_checkpoint(ended: int) -> bool:
    """Return whether a checkpoint is written after some samples: the more there are, the rarer.

    Each has all samples before it, so that files and time would grow with the square of their
    number.
    """
    every = next((every for limit, every in _CHECKPOINTS if ended <= limit), _LAST_EVERY)
    return ended % every == 0


def write_progress(projection: Projection) -> None:
    """Write the export of the samples that ended first, as a checkpoint."""
    if not is_checkpoint(projection.ended):
        return
    folder = _home(projection)
    jobs = [job for job in projection.ended_jobs() if job.state in _ENDED]
    samples = _reports(projection, jobs, folder)
    write_checkpoint(folder, _head(projection, samples), samples, projection.ended)


def write_batch(projection: Projection) -> None:
    """Write the batch's summary, and its samples into the export of their data set.

    Batches of several workspaces may write into one folder at the same time: one after the other.

    Raises:
        ExportError: The folder holds the export of another data set, or something else of its name.
        OSError: The folder cannot be written.
    """
    folder = _export_folder(projection)
    jobs = list(queries.all_jobs(projection.connection, projection.batch.id))
    reports = _reports(projection, jobs, folder)
    _write_summary(projection, reports)
    samples = [one for one in reports if one.state in _ENDED]
    measures = _measures(projection)
    with Folder(folder) as target, target.locked():
        records = write_export(folder, _head(projection, samples), samples)
        write_corpus(folder, records, projection.batch.name, measures)


def _measures(projection: Projection) -> Measures:
    """Return the measures of the batch's prompts, once they are there."""
    result = projection.batch.after_result
    if result is None:
        return {}
    return read_measures(CorpusCreativity.model_validate_json(result), projection.artifact)


def _export_folder(projection: Projection) -> Path:
    """Return the common folder, or the batch's own if that one is for another data set."""
    home, common = _home(projection), projection.folder
    if home == common:
        return home
    owner = _source_of_first(projection)
    source = projection.batch.source
    if owner is not None and not (common / COMPLETE).exists():
        return common if same_data_set(owner, source) else home
    return home if belongs_to_other(common, source) else common


def _source_of_first(projection: Projection) -> str | None:
    """Return the data set of the batch that has the common folder to itself; None without."""
    sql = "SELECT source FROM batches WHERE summary = ?"
    summary = str(Path(projection.batch.outputs) / Path(projection.batch.summary).name)
    row = projection.connection.execute(sql, (summary,)).fetchone()
    return None if row is None else str(row[0])


def _head(projection: Projection, samples: Sequence[SampleReport]) -> ExportHead:
    batch = projection.batch
    settings = VisualPromptsSettings.model_validate_json(batch.settings)
    authors = (one.author.partition(" ")[0] for report in samples for one in report.prompts)
    return ExportHead(
        dataset=batch.source,
        timestamp=max((one.finished_at or "" for one in samples), default=""),
        provider=", ".join(dict.fromkeys(authors)),
        sample_rate=settings.sample_rate,
        prompts_per_sample=settings.prompts,
        has_mel=settings.mel_spectrogram,
        batch=batch.name,
    )


def _write_summary(projection: Projection, reports: Sequence[SampleReport]) -> None:
    batch = projection.batch
    path = projection.root / batch.summary
    head = {"id": batch.id, "name": batch.name, "recipe": batch.recipe, "seed": batch.seed}
    sums = {
        "jobs": dict(Counter(report.state for report in reports)),
        "cost_usd": dollars(sum(report.cost_microdollars for report in reports)),
    }
    with Folder(path.parent) as folder, folder.replacing(path.name, tidy=True) as stream:
        stream.write(b'{\n"version": %d,\n"batch": %b,\n"jobs": [' % (VERSION, _line(head)))
        for number, report in enumerate(reports):
            stream.write((b",\n" if number else b"\n") + _line(_entry(report)))
        stream.write(b'\n],\n"totals": %b\n}\n' % _line(sums))


def _entry(report: SampleReport) -> dict[str, Any]:
    return {
        "id": report.key,
        "sample_idx": report.index,
        "job": report.job,
        "state": report.state,
        "error": report.error or None,
        "folder": report.output,
        "prompts": len(report.prompts),
        "creativity": report.creativity,
        "rating": report.rating,
        "cost_usd": dollars(report.cost_microdollars),
        "seconds": report.seconds,
    }


def _line(document: dict[str, Any]) -> bytes:
    return to_json(document, indent=None).rstrip(b"\n")
