"""Files and results of any kind have a screen, those of other packages too."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.client.views.files import faces
from engine.contract import CallContext
from engine.kinds.registry import content_of, kinds
from engine.recipes.refine.agents.refiner import RefineRequest
from engine.runtime.artifacts import ArtifactStore
from tests.support import media_files as media
from tests.support.engines import Toy
from tests.tui.support import Place, running, seen, shows, until
from tui.app import Dashboard
from tui.widgets.filmstrip import Frame

DECK = '''
import json

from safelight_deck_words import SUITS

from engine.contract.kinds import Item, Kind, Lines, Recognition, Span


class Deck(Kind):
    """A hand of cards."""

    name = "deck"
    title = "hand of cards"
    draws_results = True

    def recognise(self, content):
        if content.head.startswith(b"DECK "):
            return Recognition("application/x-deck", facts={"cards": len(content.head.split()) - 1})

    def facts(self, item):
        return [("cards", str(item.facts.get("cards", "?")))]

    def full(self, item, size):
        if item.open is None:
            return Lines(((Span("drawn from " + item.data["prompt"]),),))
        with item.open() as stream:
            cards = stream.read().decode().split()[1:]
        return Lines(tuple((Span(SUITS[card[0]] + card[1:], "strong"),) for card in cards))


DECK = Deck()
'''


@pytest.fixture
def deck(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Another package with a kind, installed as pip would."""
    site = tmp_path_factory.mktemp("site")
    (site / "safelight_deck.py").write_text(DECK)
    (site / "safelight_deck_words.py").write_text('SUITS = {"S": "♠", "H": "♥"}\n')
    (site / "broken_kind.py").write_text("raise RuntimeError('no')\n")
    info = site / "safelight_deck-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: safelight-deck\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[safelight.kinds]\ndeck = safelight_deck:DECK\nbroken = broken_kind:X\n"
        "words = safelight_deck_words:SUITS\n"
    )
    monkeypatch.syspath_prepend(str(site))
    forget()
    yield
    forget()


def forget() -> None:
    kinds.cache_clear()
    faces.cache_clear()


async def test_a_kind_of_another_package_has_a_screen(deck: None, tmp_path: Path) -> None:
    toy = Toy(tmp_path)

    async def reply(_request: RefineRequest, context: CallContext) -> None:
        await context.keep(b"DECK SA HK S2")
        await context.keep(b'{"cards": 3}', "note")

    toy.backend.reply = reply
    toy.queue(1, overrides={"steps": 1})
    await toy.run()
    async with running(Dashboard(toy.root), size=(120, 40)) as pilot:
        await shows(pilot, "b1")
        await pilot.press("enter")
        await shows(pilot, "♠A", "♥K", "♠2")  # the glance of the batch
        await pilot.press("enter", "2")
        await shows(pilot, "♠A", "♥K", "♠2", "application/x-deck")


async def test_a_result_of_such_a_kind_is_drawn(deck: None, place: Place) -> None:
    (job,) = place.job_ids(place.batch("cards", ["hand"]))
    place.claim(1)
    step = place.step(job, "", "deal")
    place.write(
        lambda c: c.execute(
            "UPDATE steps SET kind = 'deck', result = ? WHERE id = ?",
            (json.dumps({"prompt": "a \x1b[31mred\x1b[0m deck"}), step),
        )
    )
    place.end(job)
    async with running(place.dashboard(), size=(120, 40)) as pilot:
        await shows(pilot, "b1")
        await pilot.press("enter", "enter", "2")
        await shows(pilot, "deal")
        await pilot.press("j")
        await shows(pilot, "hand of cards", "drawn from a red deck")


def keep(
    place: Place,
    job: int,
    scope: str,
    data: bytes,
    kind: str | None = None,
    *,
    name: str = "generate",
    more: Sequence[bytes] = (),
    **outcome: Any,
) -> int:
    """A step that left files, as an engine would write it."""
    artifacts = [artifact(place, data, kind), *(artifact(place, other) for other in more)]
    return place.step(job, scope, name, artifacts=artifacts, **outcome)


def artifact(
    place: Place, data: bytes, kind: str | None = None, role: str = "result"
) -> dict[str, Any]:
    """A stored file, as a row of the store."""
    name, found = kinds().recognise(content_of(data), kind)
    return {
        "role": role,
        "hash": ArtifactStore(place.paths.artifacts).put(data),
        "media_type": found.media_type,
        "size": len(data),
        "width": found.width,
        "height": found.height,
        "kind": name,
        "facts": found.facts,
    }


SOUND = "▀▄█"


@pytest.mark.slow
async def test_sounds_stand_beside_each_other_as_waveforms(place: Place) -> None:
    (job,) = place.job_ids(place.batch("sounds", ["rain"]))
    place.claim(1)
    for number in (1, 2):
        keep(place, job, f"iteration-{number}", media.wav(number * 1.0, peak=0.4 * number))
    place.end(job)
    async with running(place.dashboard(), size=(120, 40)) as pilot:
        await shows(pilot, "b1")
        await pilot.press("enter")
        await until(pilot, lambda: "peak" in seen(pilot.app), "the glance")
        await pilot.press("enter", "2")
        await shows(pilot, "peak", "0:02.0, 8 kHz, mono", "audio/wav")
        await until(pilot, lambda: len(pilot.app.screen.query(Frame)) == 2)
        await shows(pilot, "0:01.0")
        assert any(sign in seen(pilot.app) for sign in SOUND)


@pytest.mark.parametrize(
    ("data", "kind", "texts"),
    [
        (media.ABC.encode(), None, ["T:The Silver Spear", "|:A|FA A2"]),
        (b'{"tempo": 120, "energy": [0, 1]}', "features", ["tempo   120", "energy  ▁█"]),
        (media.mp4(sound=True), None, ["640×360", "avc1", "stereo"]),
        (media.SVG.encode(), None, ["image/svg+xml", "40×30"]),
        (b"DECK SA", "not-installed", ["not-installed", "text/plain"]),
        (media.wav()[:30], "audio", ["audio", "application/octet-stream"]),
    ],
)
async def test_each_kind_is_shown(
    place: Place, data: bytes, kind: str | None, texts: list[str]
) -> None:
    (job,) = place.job_ids(place.batch("b", ["x"]))
    place.claim(1)
    keep(place, job, "iteration-1", data, kind)
    place.end(job)
    async with running(place.dashboard(), size=(120, 40)) as pilot:
        await shows(pilot, "b1")
        await pilot.press("enter", "enter")
        await shows(pilot, *texts)


async def test_what_no_job_is_shown_by_stays_a_line(place: Place) -> None:
    (job,) = place.job_ids(place.batch("b", ["x"]))
    place.claim(1)
    keep(place, job, "iteration-1", b"a raw reply")
    place.end(job)
    async with running(place.dashboard(), size=(120, 40)) as pilot:
        await shows(pilot, "b1")
        await pilot.press("enter", "enter", "2")
        await shows(pilot, "text/plain")
        assert "a raw reply" not in seen(pilot.app)


async def test_a_large_image_is_shown_by_its_thumbnail(place: Place) -> None:
    (job,) = place.job_ids(place.batch("b", ["x"]))
    place.claim(1)
    keep(place, job, "iteration-1", media.image(size=(1200, 900)))
    place.end(job)
    async with running(place.dashboard(), size=(80, 24)) as pilot:
        await shows(pilot, "b1")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: set("▀▄░▒") & set(seen(pilot.app)), "the image")
    assert len(list(Path(place.paths.thumbnails).glob("*/*.webp"))) == 2
