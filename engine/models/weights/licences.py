"""Licences of weights, as the weights themselves state them; never a guess."""

import json
import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from engine.contract.backend import Material
from engine.models.weights.finding import find
from engine.models.weights.requirements import RequiredWeights
from engine.text.terminal import clean

CARD = "README.md"
"""File of a model's card on the hub; its head states the licence."""

MAX_CARD_BYTES, MAX_HEADER_BYTES, MAX_CHARS = 1 << 20, 64 << 20, 200
_ROLES = (("lora", "lora"), ("adapter", "adapter"), ("controlnet", "controlnet"), ("vae", "vae"))
_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_IN_FILE = ("modelspec.license", "license")


def materials_of(wanted: Sequence[RequiredWeights]) -> list[Material]:
    """Return weights with their licences, those that are on this machine.

    Args:
        wanted: The weights; configurations without weights are left out.
    """
    return [_material(one, path) for one in wanted if one.has_weights and (path := find(one))]


def _material(wanted: RequiredWeights, path: Path) -> Material:
    licence, stated_in = next(_stated(wanted, path), ("", ""))
    return Material(
        name=_name(wanted, path), role=_role(wanted), licence=licence, stated_in=stated_in
    )


def _role(wanted: RequiredWeights) -> str:
    return next((role for part, role in _ROLES if part in wanted.name), "weights")


def _name(wanted: RequiredWeights, path: Path) -> str:
    """Return the name of weights without a path of this machine: `org/name@commit`, or a file's."""
    source = wanted.where
    if source.repo is None:
        return clean(path.name, MAX_CHARS)
    file = f":{source.file}" if source.file else ""
    return clean(f"{source.repo}@{_snapshot(wanted, path).name[:12]}{file}", MAX_CHARS)


def _snapshot(wanted: RequiredWeights, path: Path) -> Path:
    """Return the folder of a revision in the hub's cache."""
    file = wanted.where.file
    return path.parents[file.count("/")] if file else path


def _stated(wanted: RequiredWeights, path: Path) -> Iterator[tuple[str, str]]:
    """Yield the licences that are stated, with the place of each: in the file itself first."""
    if path.is_file():
        if licence := licence_of_file(path):
            yield licence, "safetensors metadata"
    elif len(files := list(path.glob("*.safetensors"))) == 1 and (
        licence := licence_of_file(files[0])
    ):
        yield licence, "safetensors metadata"
    home = path if path.is_dir() else path.parent
    folder = home if wanted.where.repo is None else _snapshot(wanted, path)
    if licence := licence_of_card(folder / CARD):
        yield licence, "model card"


def licence_of_file(path: Path) -> str:
    """Return the licence in the header of a safetensors file; empty without one."""
    try:
        with path.open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(size)) if size <= MAX_HEADER_BYTES else {}
    except (OSError, struct.error, ValueError, RecursionError):
        return ""
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    texts = (metadata.get(name) for name in _IN_FILE) if isinstance(metadata, dict) else ()
    return next((_text(text) for text in texts if _text(text)), "")


def licence_of_card(path: Path) -> str:
    """Return the licence that a model's card states; empty without one."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_CARD_BYTES).decode(errors="replace")
        match = _FRONT.match(text)
        head = yaml.safe_load(match[1]) if match else None
    except (OSError, yaml.YAMLError, ValueError, RecursionError):
        return ""
    if not isinstance(head, dict):
        return ""
    licence, name = _text(head.get("license")), _text(head.get("license_name"))
    return name if name and licence in ("", "other") else licence


def _text(value: Any) -> str:
    values = value if isinstance(value, list) else [value]
    return clean(", ".join(one for one in values if isinstance(one, str)), MAX_CHARS)
