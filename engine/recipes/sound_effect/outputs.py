"""The folders for people: a projection of the store that can be rebuilt at any time."""

from db.queries import jobs as queries
from engine.audio.bwf import Origin, with_origin
from engine.contract import Artifact
from engine.contract.folder import ExportError, Folder
from engine.contract.outputs import Projection
from engine.recipes.common.documents import VERSION, to_json
from engine.recipes.common.stored import materials_entry, put_changed, stored_bytes
from engine.recipes.sound_effect.documents import (
    file_names,
    former_names,
    job_document,
    origin_of,
    placed_document,
    placed_name,
    placed_origin,
    sidecar,
)
from engine.recipes.sound_effect.read_report import job_report
from engine.recipes.sound_effect.report import PlacedReport, SoundReport


def write_job(projection: Projection) -> None:
    """Write the take that is kept, its document, and the other takes behind it.

    Raises:
        ExportError: A stored sound is gone or damaged; everything else has been written.
        OSError: The folder cannot be written.
    """
    if projection.job is None:
        return
    report = job_report(projection.connection, projection.batch, projection.job)
    names, problems = set[str](), list[str]()
    with Folder(projection.folder) as target:
        for name, take in file_names(report).items():
            try:
                _put(target, name, take.audio, origin_of(report, take), projection)
            except (OSError, ExportError) as error:
                problems.append(f"{name}: {error}")
            document = f"{name.rpartition('.')[0]}.json"
            materials = materials_entry(projection.publisher, take.audio)
            target.put(document, to_json(sidecar(report, take, name) | materials))
            names |= {name, document}
        if report.placed is not None:
            names |= _write_placed(report, report.placed, target, projection, problems)
        former = former_names(report)
        for name in target.names():
            if former.fullmatch(name) and name not in names:
                target.remove(name)
    if problems:
        raise ExportError(f"{projection.folder}: {'; '.join(problems)}")


def _write_placed(
    report: SoundReport,
    placed: PlacedReport,
    target: Folder,
    projection: Projection,
    problems: list[str],
) -> set[str]:
    """Write steps on events and their document; return the names of the files."""
    name = placed_name(report, placed)
    stem = name.rpartition(".")[0]
    try:
        _put(target, name, placed.laid.audio, placed_origin(report, placed), projection)
    except (OSError, ExportError) as error:
        problems.append(f"{name}: {error}")
    materials = materials_entry(projection.publisher, placed.laid.audio)
    target.put(f"{stem}.json", to_json(placed_document(report, placed, name) | materials))
    return {name, f"{stem}.json"}


def _put(
    target: Folder, name: str, audio: Artifact, origin: Origin | None, projection: Projection
) -> None:
    """Write a sound with its origin.

    Raises:
        Blocked: It cannot be signed now.
        ExportError: The stored sound is damaged.
        OSError: It is gone, or the file cannot be written.
    """

    def content() -> bytes:
        data = stored_bytes(audio, projection.artifact)
        return data if origin is None else with_origin(data, origin)

    put_changed(target, name, audio, content, projection.publisher, variant=repr(origin))


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
        kept = next(iter(file_names(report)), None) if report.kept else None
        jobs.append(job_document(report, f"{job.output}/{kept}" if kept else None))
    head = {"id": batch.id, "name": batch.name, "recipe": batch.recipe, "seed": batch.seed}
    with Folder(path.parent) as folder:
        folder.put(path.name, to_json({"version": VERSION, "batch": head, "jobs": jobs}))
