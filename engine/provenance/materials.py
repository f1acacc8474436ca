"""Weights, LoRAs and songs behind a file, with the licences that they state; never a guess."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from engine.audio.sound import MissingExtraError
from engine.audio.tags import read_licence, read_tags
from engine.contract import StepError
from engine.contract.backend import Material
from engine.provenance.origin import Origin

SETTING = "provenance.licences"


def materials_of(
    origin: Origin, licences: Mapping[str, str], stored: Callable[[str], Path]
) -> list[Material]:
    """Return what went into a file and has a licence of its own: weights, LoRAs, songs.

    Args:
        origin: Its origin.
        licences: Licences of the settings, by name or hash, for what states none.
        stored: Path of the stored file of a hash.
    """
    materials: dict[tuple[str, str], Material] = {}
    for material, names in _all(origin, stored, set()):
        known = _with_setting(material, names, licences)
        materials.setdefault((known.role, known.name), known)
    return list(materials.values())


def _all(
    origin: Origin, stored: Callable[[str], Path], seen: set[str]
) -> Iterator[tuple[Material, tuple[str, ...]]]:
    """Yield each material with the names that the settings may call it by."""
    if origin.artifact.hash in seen:
        return
    seen.add(origin.artifact.hash)
    for material in origin.step.materials if origin.step else ():
        whole = material.name
        plain = whole.partition("@")[0].partition("#")[0]
        yield material, (whole, plain)
    if origin.step is None and origin.artifact.media_type.startswith("audio/"):
        song = _song(origin, stored)
        yield song, (origin.artifact.hash, song.name)
    for one in origin.inputs:
        yield from _all(one.origin, stored, seen)


def _song(origin: Origin, stored: Callable[[str], Path]) -> Material:
    """Return a sound of the user's with the licence that its tags state."""
    digest, tags, licence, tag = origin.artifact.hash, dict[str, str](), "", ""
    unreadable = (OSError, StepError, MissingExtraError)
    with suppress(*unreadable), stored(digest).open("rb") as stream:
        tags, (licence, tag) = read_tags(stream), read_licence(stream)
    texts = [tags[name] for name in ("artist", "title") if name in tags]
    return Material(
        name=", ".join(texts) or f"sound {digest[:12]}",
        role="song",
        licence=licence,
        stated_in=f"tag {tag}" if licence else "",
    )


def _with_setting(
    material: Material, names: tuple[str, ...], licences: Mapping[str, str]
) -> Material:
    """Return a material with the licence of the settings if it states none itself."""
    set_ = next((licences[name] for name in names if name in licences), "")
    if material.licence or not set_:
        return material
    return material.model_copy(update={"licence": set_, "stated_in": SETTING})
