"""The folders for people: a projection of the store that can be rebuilt at any time."""

import re
from collections.abc import Iterator

from db.queries import jobs as queries
from engine.contract import Artifact
from engine.contract.folder import ExportError, Folder
from engine.contract.outputs import Projection
from engine.recipes.common.documents import VERSION, to_json
from engine.recipes.common.stored import materials_entry, put_stored
from engine.recipes.music_video.documents import film_document, job_document
from engine.recipes.music_video.names import (
    DOCUMENT,
    FILM,
    KEYFRAMES,
    PREVIEW,
    file_name,
    image_name,
)
from engine.recipes.music_video.read_report import job_report
from engine.recipes.music_video.report import FilmReport

OWN_NAME = re.compile(
    r"(?:film|preview|song)\.[a-z0-9]{1,8}|(?:render_spec|music_video|analysis|film_plan|"
    r"deforum_settings)\.json|contact_sheet\.png|edit_list\.(?:otio|edl)|lyrics\.(?:srt|vtt|lrc)"
)
"""Names of this projection's files; nothing else is ever removed."""

OWN_IMAGE = re.compile(r"section-\d{2,}-image-\d+\.[a-z0-9]{1,8}")


def write_job(projection: Projection) -> None:
    """Write the film, its preview, its plan, its keyframes, and the files for other programs.

    Raises:
        ExportError: A stored file is gone or damaged; everything else has been written.
        OSError: The folder cannot be written.
    """
    if projection.job is None:
        return
    report = job_report(projection.connection, projection.batch, projection.job)
    problems: list[str] = []
    with Folder(projection.folder) as target:
        files = dict(_files(report))
        materials = materials_entry(projection.publisher, report.film)
        documents = {DOCUMENT: to_json(film_document(report, sorted(files)) | materials)}
        for name, data in documents.items():
            target.put(name, data)
        problems += _put_all(target, files, projection)
        _sweep(target, {*files, *documents}, OWN_NAME)
        if report.images:
            images = {
                image_name(one.section, one.view, one.image): one.image for one in report.images
            }
            with target.folder(KEYFRAMES) as inside:
                problems += _put_all(inside, images, projection)
                _sweep(inside, set(images), OWN_IMAGE)
    if problems:
        raise ExportError(f"{projection.folder}: {'; '.join(problems)}")


def _files(report: FilmReport) -> Iterator[tuple[str, Artifact]]:
    for stem, video in ((FILM, report.film), (PREVIEW, report.preview)):
        if video is not None:
            yield file_name(stem, video), video
    yield from report.files.items()


def _put_all(folder: Folder, files: dict[str, Artifact], projection: Projection) -> list[str]:
    """Write files; return the problems of those that cannot be."""
    problems = []
    for name, artifact in files.items():
        try:
            put_stored(folder, name, artifact, projection.artifact, projection.publisher)
        except FileNotFoundError:
            problems.append(f"{name}: the stored file is gone")
        except ExportError as error:
            problems.append(f"{name}: {error}")
    return problems


def _sweep(folder: Folder, kept: set[str], names: re.Pattern[str]) -> None:
    for name in folder.names():
        if name not in kept and names.fullmatch(name):
            folder.remove(name)


def write_batch(projection: Projection) -> None:
    """Write the summary of a batch.

    Raises:
        OSError: The folder cannot be written.
    """
    batch = projection.batch
    path = projection.root / batch.summary
    jobs = []
    for job in queries.all_jobs(projection.connection, batch.id):
        report = job_report(projection.connection, batch, job)
        jobs.append(job_document(report, job.output, sorted(dict(_files(report)))))
    head = {"id": batch.id, "name": batch.name, "recipe": batch.recipe, "seed": batch.seed}
    with Folder(path.parent) as folder:
        folder.put(path.name, to_json({"version": VERSION, "batch": head, "jobs": jobs}))
