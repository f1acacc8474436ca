"""The statement of a file's origin: a C2PA manifest as plain data, before it is signed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine import __version__
from engine.config.provenance_settings import ProvenanceSettings
from engine.contract.backend import Material
from engine.provenance.origin import VOCABULARY, Input, Origin, Step
from engine.text.terminal import clean

STEP = "org.safelight.step"
"""Label of our own assertion."""

VERSION = 1
"""Version of our assertion; raised when its fields change their meaning."""

MAX_CHARS, MAX_PROMPT_CHARS, MAX_MATERIALS = 200, 20_000, 32
_MAX_EXACT = 1 << 53


def ingredient_of(number: int, entry: Input, media_type: str, *, is_parent: bool) -> dict[str, Any]:
    """Return the description of a file that went into another.

    Args:
        number: Its number, from 0.
        entry: The file.
        media_type: Media type of the bytes that are described.
        is_parent: True if the new file is this one, changed.
    """
    relationship = "parentOf" if is_parent else _relationship(entry)
    return {
        "title": clean(entry.field, 60) or "file",
        "format": media_type,
        "relationship": relationship,
        "label": label_of(number),
    }


def label_of(number: int) -> str:
    """Return the name by which actions refer to an ingredient."""
    return f"input{number}"


def _relationship(entry: Input) -> str:
    return "componentOf" if entry.field in _COMPONENTS else "inputTo"


_COMPONENTS = frozenset({"images", "clips", "segments", "song", "sounds", "audio", "video"})
"""Fields of requests whose files are parts of the result, rather than followed by a model."""


def statement_of(
    origin: Origin,
    settings: ProvenanceSettings,
    labels: Iterable[str],
    materials: Iterable[Material],
    *,
    is_signed: bool,
) -> dict[str, Any]:
    """Return the manifest of a file.

    Args:
        origin: Its origin.
        settings: Settings of provenance.
        labels: Names of the ingredients that it has.
        materials: Weights, LoRAs and songs behind it.
        is_signed: True if the stored file has a signature of its own, which becomes the first
            ingredient.

    Raises:
        ValueError: It came from outside, and nothing can be stated.
    """
    if origin.step is None:
        raise ValueError("nothing is known of a file from outside")
    return {
        "claim_generator_info": [_generator(settings)],
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {"actions": list(_actions(origin, list(labels), is_signed=is_signed))},
            },
            {"label": STEP, "data": _step(origin, origin.step, settings, materials)},
        ],
    }


def _generator(settings: ProvenanceSettings) -> dict[str, str]:
    return {"name": clean(settings.claim_generator, 100), "version": __version__}


def _actions(origin: Origin, labels: list[str], *, is_signed: bool) -> Iterator[dict[str, Any]]:
    """Yield what was done: opened and edited, or created, perhaps of parts."""
    step = origin.step
    agent = {"softwareAgent": _agent(step)} if step else {}
    when = {"when": step.maker.finished_at} if step and step.maker.finished_at else {}
    source = {"digitalSourceType": f"{VOCABULARY}{origin.source_type}"}
    if is_signed or (origin.edits and labels):
        yield {"action": "c2pa.opened", "parameters": {"ingredientIds": labels[:1]}}
        what = "c2pa.edited.metadata" if is_signed else "c2pa.edited"
        yield {"action": what, **agent, **when, **({} if is_signed else source)}
        return
    used = {"parameters": {"ingredientIds": labels}} if labels else {}
    is_composed = step is not None and step.is_own
    yield {"action": "c2pa.created", **agent, **when, **source, **({} if is_composed else used)}
    if is_composed and labels:
        yield {"action": "c2pa.placed", **used}


def _agent(step: Step) -> dict[str, str]:
    name = clean(f"{step.maker.backend} {step.maker.model}", MAX_CHARS)
    version = clean(step.version or step.maker.recipe_version, 60)
    return {"name": name, "version": version} if version else {"name": name}


def _step(
    origin: Origin, step: Step, settings: ProvenanceSettings, materials: Iterable[Material]
) -> dict[str, Any]:
    maker = step.maker
    data: dict[str, Any] = {
        "version": VERSION,
        "recipe": clean(maker.recipe, 60),
        "recipe_version": clean(maker.recipe_version, 60),
        "step": clean(maker.key, MAX_CHARS),
        "operation": clean(maker.operation, 60),
        "fingerprint": maker.fingerprint,
        "artifact": maker.hash,
        "backend": clean(maker.backend, 60),
        "model": clean(maker.model, MAX_CHARS),
        "backend_version": clean(step.version, 60),
        "seed": _seed(step),
        "inputs": [one.origin.artifact.hash for one in origin.inputs],
        "inputs_omitted": origin.omitted,
        "materials": [_plain(one) for one in list(materials)[:MAX_MATERIALS]],
        **(_prompts(step.fields) if settings.prompts else {}),
    }
    return {name: value for name, value in data.items() if value not in (None, "", [], 0)}


def _seed(step: Step) -> int | str | None:
    """Return the seed; as text if readers of JSON would round it."""
    seed = step.maker.seed if step.maker.seed is not None else step.fields.get("seed")
    if not isinstance(seed, int):
        return None
    return seed if 0 < seed < _MAX_EXACT else str(seed)


def _prompts(fields: Mapping[str, Any]) -> dict[str, str]:
    texts = {name: fields.get(name) for name in ("prompt", "negative_prompt")}
    return {
        name: clean(text, MAX_PROMPT_CHARS, keep_newlines=True)
        for name, text in texts.items()
        if isinstance(text, str) and text
    }


def _plain(material: Material) -> dict[str, str]:
    texts = {name: clean(text, MAX_CHARS) for name, text in material.model_dump().items()}
    return {name: text for name, text in texts.items() if text}
