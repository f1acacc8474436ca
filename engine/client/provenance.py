"""Signed statements of origin: keys of a user, and what files state."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

_MAX_BYTES = 1 << 20


def make_own_keys(name: str) -> tuple[Path, int]:
    """Make a certificate and the key that signs with it; return their folder, and years of use.

    Args:
        name: Name in the certificate, for all to read.

    Raises:
        UserError: Keys are there already, or a package is not installed.
        OSError: They cannot be written.
    """
    from engine.provenance.certificates import VALID, make_keys

    return make_keys(name), VALID.days // 365


def read_origin(file: Path, root: Path) -> dict[str, Any]:
    """Return what a file states about its origin, as `provenance show --json` prints it.

    Args:
        file: The file.
        root: The workspace whose certificate is accepted, beside the user's own.

    Raises:
        UserError: A package is not installed.
    """
    return next(iter(_documents([file], root)))


def read_origins(paths: Iterable[Path], root: Path) -> list[dict[str, Any]]:
    """Return what files state, and all images, sounds and films in folders; as `read_origin`."""
    return list(_documents(_expanded(paths), root))


def _documents(files: Iterable[Path], root: Path) -> Iterator[dict[str, Any]]:
    from engine.provenance.reading import read_file

    anchors, allowed = _trusted(root)
    for file in files:
        report = read_file(file, anchors, allowed)
        yield {**asdict(report), "path": str(report.path), "words": report.words}


def _expanded(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files; of folders, those whose ending is that of an image, a sound or a film."""
    from engine.provenance.formats import SUFFIXES

    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = (one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES)
        yield from sorted(one for one in inside if one.is_file() and not one.is_symlink())


def _trusted(root: Path) -> tuple[list[bytes], list[bytes]]:
    """Return the user's own authority, and the certificate that the workspace signs with."""
    from engine.config.settings import SettingsError, read_settings
    from engine.config.trust.signing import untrusted_signing
    from engine.provenance.identity import anchor_file, files_of

    anchors, allowed = _read([anchor_file()]), list[bytes]()
    try:
        settings = read_settings(root).provenance
    except SettingsError:
        return anchors, allowed
    if settings.sign == "file" and not untrusted_signing(root, settings):
        allowed = _read(files_of(settings, root)[:1])
    return anchors, allowed


def _read(paths: Iterable[Path]) -> list[bytes]:
    return [path.read_bytes()[:_MAX_BYTES] for path in paths if path.is_file()]
