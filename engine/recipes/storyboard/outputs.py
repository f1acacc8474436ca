"""The folders for people: a projection of the store that can be rebuilt at any time."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from db.queries import jobs as queries
from engine.contract import Artifact, Similarity
from engine.contract.folder import ExportError, Folder
from engine.contract.outputs import Projection, Publisher
from engine.imaging.errors import ImageError
from engine.imaging.lineage import Lineage
from engine.recipes.common.documents import VERSION, to_json
from engine.recipes.common.images import Source, file_name, put_image, sweep, untouched
from engine.recipes.common.stored import put_stored
from engine.recipes.storyboard.board import board_pdf, shot_list_pdf
from engine.recipes.storyboard.documents import (
    CONTACT_SHEET,
    chosen_name,
    film_name,
    folder_name,
    image_name,
    quality_scores,
    storyboard_document,
    trace_summary,
)
from engine.recipes.storyboard.read_report import job_report
from engine.recipes.storyboard.report import (
    SceneReport,
    StoryboardReport,
    VariationReport,
)
from engine.recipes.storyboard.shot_list import shot_list_csv
from engine.recipes.storyboard.traces import trace_texts
from engine.text.amounts import dollars
from engine.text.terminal import clean

STORYBOARD = "storyboard.json"
SHOT_LIST_CSV, SHOT_LIST, BOARD = "shot_list.csv", "shot_list.pdf", "board.pdf"
SOURCES = "safelight-sources"
"""Keyword of the chunk that records the sources of a contact sheet."""

MAX_SHEET_BYTES = 256 << 20

_ENDING = r"(?:\.png|_lineage\.json)"
_VIDEO = r"\.(?:mp4|mov|mkv|webm|m4v|avi|gif)"
OWN_FILE = re.compile(
    rf"storyboard\.json|contact_sheet\.png|shot_list\.(?:csv|pdf)|board\.pdf|scene_[1-9][0-9]?{_ENDING}"
    rf"|(?:film|animatic|scene_[1-9][0-9]?(?:_[1-9][0-9]?)?){_VIDEO}"
)
OWN_FOLDER = re.compile("scene_[1-9][0-9]?")
OWN_TRACE = re.compile(
    r"00_original_prompt\.txt|[0-9]{2}_agent[12]_iteration_[0-9]{1,2}\.txt"
    rf"|final_enhanced_prompt\.txt|prompt_trace_summary\.json|image_[1-9][0-9]?{_ENDING}"
    r"|quality_scores\.json|selected_best\.txt"
)
"""Names of this projection's own things; nothing else is replaced or removed, but for copies of
stored images that have the names of signed ones."""

_UNTOUCHED, _UNTOUCHED_TRACE = untouched("scene_[1-9][0-9]?"), untouched("image_[1-9][0-9]?")

Stored = Callable[[str], Path]
Preview = Callable[[Artifact], bytes]


def project(projection: Projection) -> None:
    """Bring a job's folder up to date.

    Raises:
        ExportError: A stored image is gone or damaged; everything else has been written.
        OSError: The folder cannot be written.
    """
    if projection.job is None:
        return
    report = job_report(projection.connection, projection.batch, projection.job)
    stored = projection.artifact
    writing = _Writing(
        _with_file_names(report, stored), stored, projection.preview, projection.publisher
    )
    _write(writing, projection.folder)


def _write(writing: "_Writing", folder: Path) -> None:
    report = writing.report
    traces = not (report.settings.trace_cleanup and report.state == "done")
    with Folder(folder) as target:
        for scene in report.scenes:
            if traces:
                writing.traces(target, scene)
            writing.chosen(target, scene)
        writing.contact_sheet(target)
        writing.films(target)
        writing.lists(target)
        document = storyboard_document(report, traces=traces)
        target.put(STORYBOARD, to_json(document))
        kept = {folder_name(scene.number) for scene in report.scenes} if traces else set[str]()
        writing.sweep(target, {STORYBOARD, *writing.names}, kept)
    if writing.problems:
        raise ExportError(f"{folder}: {'; '.join(writing.problems)}")


def _with_file_names(report: StoryboardReport, stored: Stored) -> StoryboardReport:
    """The same storyboard, whose images know the names of their files."""
    scenes = [_named(scene, stored) for scene in report.scenes]
    return report.model_copy(update={"scenes": tuple(scenes)})


def _named(scene: SceneReport, stored: Stored) -> SceneReport:
    variations = [
        one.model_copy(update={"file": file_name(f"image_{one.number}", one.image.image, stored)})
        if one.image is not None
        else one
        for one in scene.variations
    ]
    file = file_name(f"scene_{scene.number}", scene.image, stored) if scene.image else ""
    return scene.model_copy(update={"variations": tuple(variations), "file": file})


@dataclass(slots=True)
class _Writing:
    """One storyboard while it is written.

    Attributes:
        names: The files in its folder.
        problems: What was wrong with stored images.
    """

    report: StoryboardReport
    stored: Stored
    preview: Preview
    publisher: Publisher
    names: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def traces(self, target: Folder, scene: SceneReport) -> None:
        """Everything that led to a scene's image, in a separate folder."""
        try:
            with target.folder(folder_name(scene.number)) as inner:
                self._traces(inner, scene)
        except ExportError as error:
            self.problems.append(str(error))

    def _traces(self, target: Folder, scene: SceneReport) -> None:
        files = dict(trace_texts(scene))
        files["prompt_trace_summary.json"] = to_json(trace_summary(self.report, scene))
        if scene.selection is not None:
            files["quality_scores.json"] = to_json(quality_scores(self.report, scene))
        for name, data in files.items():
            target.put(name, data)
        images = {image_name(scene, number): source for number, source in _images(scene)}
        beside = [self._put(target, name, source) for name, source in images.items()]
        kept = {*files, *images, *chain.from_iterable(beside)}
        sweep(target, kept, OWN_TRACE, _UNTOUCHED_TRACE, self.stored, self.publisher)

    def chosen(self, target: Folder, scene: SceneReport) -> None:
        """The image that was taken for a scene."""
        for _, source in _images(scene):
            if scene.image is not None and source.artifact.hash == scene.image.hash:
                name = chosen_name(scene)
                self.names |= {name, *self._put(target, name, source)}
                return

    def contact_sheet(self, target: Folder) -> None:
        """All selected images, with numbers and scores; left alone if it is up to date."""
        from engine.imaging.png import insert_text
        from engine.imaging.sheet import contact_sheet

        scenes = [scene for scene in self.report.scenes if scene.image is not None]
        if not scenes:
            return
        self.names.add(CONTACT_SHEET)
        captions = [_caption(scene, self.report.likenesses) for scene in scenes]
        images = [scene.image for scene in scenes if scene.image]
        content = json.dumps([[image.hash for image in images], captions]).encode()
        source = hashlib.sha256(content).hexdigest()
        if _source_of(target.read(CONTACT_SHEET, MAX_SHEET_BYTES)) == source:
            return
        try:
            sheet = contact_sheet([self.preview(image) for image in images], captions)
            target.put(CONTACT_SHEET, insert_text(sheet, {SOURCES: source}))
        except (OSError, ValueError) as error:
            self.problems.append(f"{CONTACT_SHEET}: {error}")

    def films(self, target: Folder) -> None:
        """The films, and the clips of the scenes."""
        report = self.report
        files = {one.file: one.video for one in report.clips if one.video}
        for stem, film in (("film", report.film), ("animatic", report.animatic)):
            if film is not None:
                files[film_name(stem, film)] = film
        for name, film in files.items():
            self.names.add(name)
            try:
                put_stored(target, name, film, self.stored, self.publisher)
            except FileNotFoundError:
                self.problems.append(f"{target.path.name}/{name}: the stored file is gone")
            except ExportError as error:
                self.problems.append(f"{target.path.name}/{name}: {error}")

    def lists(self, target: Folder) -> None:
        """The shot list, and once all images are chosen the board on paper."""
        if not self.report.scenes:
            return
        table = shot_list_csv(self.report)
        self.names.add(SHOT_LIST_CSV)
        target.put(SHOT_LIST_CSV, table)
        if any(scene.image is None for scene in self.report.scenes):
            return
        heads = (VERSION, self.report.input.prompt, self.report.input.brand.name, self.report.key)
        images = [scene.image.hash for scene in self.report.scenes if scene.image]
        content = json.dumps([heads, images]).encode() + table
        source = f"{SOURCES}-{hashlib.sha256(content).hexdigest()}"
        self._paper(target, BOARD, source, lambda: board_pdf(self.report, self._bytes, source))
        self._paper(target, SHOT_LIST, source, lambda: shot_list_pdf(self.report, source))

    def _paper(self, target: Folder, name: str, source: str, draw: Callable[[], bytes]) -> None:
        """Write a document, unless the one that is there has the same content."""
        self.names.add(name)
        if source.encode() in (target.read(name, MAX_SHEET_BYTES) or b""):
            return
        from fpdf.errors import FPDFException

        try:
            target.put(name, draw())
        except (FPDFException, ImageError, OSError, ValueError) as error:
            self.problems.append(f"{name}: {error}")

    def _bytes(self, digest: str) -> bytes:
        return self.stored(digest).read_bytes()

    def _put(self, target: Folder, name: str, source: Source) -> list[str]:
        try:
            stored = self.stored(source.artifact.hash)
            return put_image(target, name, source, stored, self.publisher)
        except FileNotFoundError:
            self.problems.append(f"{target.path.name}/{name}: the stored image is gone")
        except ImageError as error:
            self.problems.append(f"{target.path.name}/{name}: {error}")
        return []

    def sweep(self, target: Folder, files: set[str], folders: set[str]) -> None:
        """Remove files of an earlier projection that the report no longer has."""
        for name in target.names():
            if OWN_FOLDER.fullmatch(name) and name not in folders:
                self._drop(target, name)
        sweep(target, files, OWN_FILE, _UNTOUCHED, self.stored, self.publisher)

    def _drop(self, target: Folder, name: str) -> None:
        """Remove the traces in a folder, and the folder if nothing else is in it."""
        try:
            with target.folder(name) as inner:
                sweep(inner, (), OWN_TRACE, _UNTOUCHED_TRACE, self.stored, self.publisher)
        except ExportError:
            return  # a link or a file of somebody else's
        target.remove_empty(name)


def _images(scene: SceneReport) -> Iterator[tuple[int, Source]]:
    """A scene's images by variation, with their lineage."""
    for one in scene.variations:
        if one.image is not None:
            yield one.number, _source(one, one.image.image, one.image.seed)
    if not scene.variations and scene.image is not None:  # the operator's own
        yield 1, Source(scene.image)


def _source(one: VariationReport, image: Artifact, seed: int | None) -> Source:
    if seed is None:
        return Source(image)
    lineage = Lineage(
        prompt=one.prompt,
        negative_prompt=one.negative_prompt,
        seed=seed,
        width=image.width or one.width,
        height=image.height or one.height,
        backend=one.backend,
        model=one.model,
        reference=next(iter(one.references), None),
    )
    return Source(image, lineage)


def _caption(scene: SceneReport, likenesses: Sequence[Similarity]) -> list[str]:
    name = f"  {clean(scene.id, 40)}" if scene.id else ""
    quality = "own image" if scene.selection is None else "no score"
    if scene.quality is not None:
        quality = f"quality {scene.quality:.1f}"
    lines = [f"{scene.number}{name}   {quality}", clean(scene.prompt, 100)]
    if likenesses and scene.number > 1:
        here, before = scene.number - 1, scene.number - 2
        measured = [
            f"{clean(one.measure, 30).replace('_', ' ')} {one.values[here][before]:.2f}"
            for one in likenesses
        ]
        lines.append(f"to scene {scene.number - 1}: {', '.join(measured)}")
    return lines


def _source_of(data: bytes | None) -> str | None:
    from engine.imaging.png import read_text

    try:
        return read_text(data).get(SOURCES) if data else None
    except ImageError:
        return None


def finish(projection: Projection) -> None:
    """Write the batch's summary: one storyboard per line, and the totals."""
    batch = projection.batch
    path = projection.root / batch.summary
    states: Counter[str] = Counter()
    cost = 0
    with Folder(path.parent) as folder, folder.replacing(path.name, tidy=True) as stream:
        head = {"id": batch.id, "name": batch.name, "recipe": batch.recipe, "seed": batch.seed}
        stream.write(b'{\n"version": %d,\n"batch": %b,\n"jobs": [' % (VERSION, _line(head)))
        for number, job in enumerate(queries.all_jobs(projection.connection, batch.id)):
            report = job_report(projection.connection, batch, job)
            stream.write((b",\n" if number else b"\n") + _line(_entry(report)))
            states[report.state] += 1
            cost += report.cost_microdollars
        sums = {"jobs": dict(states), "cost_usd": dollars(cost)}
        stream.write(b'\n],\n"totals": %b\n}\n' % _line(sums))


def _entry(report: StoryboardReport) -> dict[str, Any]:
    return {
        "generation_id": report.generation_id,
        "id": report.key,
        "job": report.id,
        "state": report.state,
        "error": report.error,
        "folder": report.output,
        "scenes": len(report.scenes),
        "quality_score": report.quality,
        "rating": report.rating,
        "cost_usd": dollars(report.cost_microdollars),
        "seconds": report.seconds,
    }


def _line(document: dict[str, Any]) -> bytes:
    return to_json(document, indent=None).rstrip(b"\n")
