"""Files beside a film for other programs: edit lists, subtitles, settings of Deforum, a sheet."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from engine.contract import Artifact, CallContext, OpenFile, Permanent, Request, Result
from engine.recipes.common.films import signals_of
from engine.video.plan import FilmPlan


class FilesRequest(Request):
    """Request for the documents beside a film.

    Attributes:
        spec: The render spec as a document.
        plan: The plan of the film without its signals.
        levels: The signals, as JSON.
        prompts: Prompt of each section.
        negative: Negative prompt of all.
        title: Title of the film.
        labels: Label of each section.
        film: Name of the file of the film.
        song: Name of the file of the song.
        images: Names of the files of its images.
    """

    spec: dict[str, Any]
    plan: dict[str, Any]
    levels: Artifact
    prompts: tuple[str, ...]
    negative: str
    title: str
    labels: tuple[str, ...]
    film: str
    song: str
    images: tuple[str, ...] = ()


class FilmFiles(Result):
    """Documents beside a film.

    Attributes:
        files: The documents by the names of their files.
        notes: Documents that there are not, a sentence each.
    """

    kind: ClassVar[str] = "data"

    files: dict[str, Artifact]
    notes: tuple[str, ...] = ()


class SheetRequest(Request):
    """Request for a contact sheet of a film's shots.

    Attributes:
        film: The film, or its preview.
        plan: Its plan, without the signals.
        labels: Label of each section.
    """

    film: Artifact
    plan: dict[str, Any]
    labels: tuple[str, ...]


class FilmSheet(Result):
    """The middle of each shot of a film on one sheet.

    Attributes:
        image: The sheet.
    """

    kind: ClassVar[str] = "image"

    image: Artifact


async def write_files(request: FilesRequest, context: CallContext) -> FilmFiles:
    """Write the documents beside a film, in the process pool."""
    data = request.model_dump(exclude={"levels"})
    documents, notes = await context.compute(film_documents, data, request.levels)
    files = {}
    for name, text in documents.items():
        kind = "data" if name.endswith(".json") else "text"
        files[name] = await context.keep(text, name.partition(".")[0], kind=kind)
    return FilmFiles(files=files, notes=tuple(notes))


def film_documents(request: dict[str, Any], levels: bytes) -> tuple[dict[str, bytes], list[str]]:
    """Return the documents of a film by their names, and notes on those that there are not."""
    from engine.recipes.common.documents import to_json
    from engine.video.deforum import deforum_settings
    from engine.video.edit_list import EditListError, Media, write_edl, write_otio
    from engine.video.subtitles import write_srt, write_webvtt

    plan = FilmPlan.from_dict(request["plan"])
    film = replace(plan, signals=signals_of(levels))
    names = {name: request[name] for name in ("film", "song", "images", "labels")}
    settings = deforum_settings(film, request["prompts"], request["negative"], song=request["song"])
    media = Media(**names)
    documents = {
        "render_spec.json": to_json(request["spec"]),
        "film_plan.json": to_json(request["plan"]),
        "deforum_settings.json": to_json(settings),
        "edit_list.otio": write_otio(plan, media, request["title"]).encode(),
    }
    notes = []
    try:
        documents["edit_list.edl"] = write_edl(plan, media, request["title"]).encode()
    except EditListError as error:
        notes.append(f"There is no edit_list.edl: {error}.")
    if plan.lyrics:
        notes += lyrics_notes(plan)
        documents["lyrics.srt"] = write_srt(plan.lyrics).encode()
        documents["lyrics.vtt"] = write_webvtt(plan.lyrics).encode()
    return documents, notes


def lyrics_notes(plan: FilmPlan) -> list[str]:
    """Return a note on letters of the lyrics that no font of this machine has; none if all have."""
    from engine.text.terminal import clean
    from engine.video.effects.fonts import missing_letters

    missing = {letter for line in plan.lyrics for letter in missing_letters(line.text)}
    if not missing:
        return []
    letters = clean("".join(sorted(missing)), 40)
    shown = f"No font here has these letters of the lyrics, which are shown as boxes: {letters}."
    return [f"{shown} Install one (in Debian: fonts-noto-cjk), and queue the song again."]


async def draw_sheet(request: SheetRequest, context: CallContext) -> FilmSheet:
    """Draw a contact sheet in the process pool.

    Raises:
        Permanent: The film cannot be decoded.
    """
    film = OpenFile(request.film)
    try:
        data = await context.compute(sheet_bytes, film, request.plan, request.labels)
    except ValueError as error:
        raise Permanent(f"The contact sheet cannot be drawn: the film {error}.") from error
    return FilmSheet(image=await context.keep(data, "sheet", kind="image"))


def sheet_bytes(film: Any, plan: dict[str, Any], labels: Sequence[str]) -> bytes:
    """Return a contact sheet of a film, as PNG."""
    from engine.video.sheet import film_sheet

    return film_sheet(film, FilmPlan.from_dict(plan), labels)
