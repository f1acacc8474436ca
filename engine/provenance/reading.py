"""Statements in files from anywhere: what they say, who signed them, and whether that holds.

Everything in them is text from outside, and is cleaned before it is returned.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.provenance.errors import CannotRead
from engine.provenance.formats import format_of
from engine.provenance.statement import STEP
from engine.text.terminal import clean

State = Literal["trusted", "valid", "invalid", "none", "unreadable"]
"""State of a statement: signed by somebody who is trusted here, by somebody unknown, not valid."""

MAX_TEXT, MAX_ACTIONS, MAX_INGREDIENTS, MAX_DEPTH = 300, 50, 100, 12
MAX_DOCUMENT_CHARS = 32 << 20
_ID3 = ("audio/mpeg", "audio/flac")

_WORDS = {
    "assertion.dataHash.mismatch": "the file was changed after it was signed",
    "assertion.bmffHash.mismatch": "the file was changed after it was signed",
    "assertion.boxesHash.mismatch": "the file was changed after it was signed",
    "assertion.hashedURI.mismatch": "a part of the statement was changed",
    "assertion.missing": "a part of the statement is missing",
    "claimSignature.mismatch": "the signature does not fit the statement",
    "claimSignature.missing": "the signature is missing",
    "claimSignature.outsideValidity": "the certificate was not valid when it was signed",
    "signingCredential.expired": "the certificate has expired",
    "signingCredential.invalid": "the certificate may not sign such statements",
    "signingCredential.untrusted": "the signer is not known here",
    "signingCredential.ocsp.revoked": "the certificate was revoked",
    "claim.missing": "the statement is missing",
    "claim.multiple": "there are several statements where one belongs",
    "general.error": "the statement cannot be read",
}
_UNKNOWN_SIGNER = "signingCredential.untrusted"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; all texts are cleaned.

    Attributes:
        generator: Program that wrote it.
        signer: Name in the certificate.
        issuer: Organisation in the certificate.
        signed_at: Time of a time stamp; empty without one.
        source_types: Terms for the kind of source, without their vocabulary's address.
        actions: What was done, and by what: `created by fal fal-ai/flux/dev`.
        step: Our own assertion; empty in statements of other programs.
        ingredients: Files that went into it.
    """

    generator: str = ""
    signer: str = ""
    issuer: str = ""
    signed_at: str = ""
    source_types: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    step: Mapping[str, Any] = field(default_factory=dict)
    ingredients: "tuple[IngredientReport, ...]" = ()


@dataclass(frozen=True, slots=True)
class IngredientReport:
    """A file that went into another.

    Attributes:
        title: Its title.
        relationship: `parentOf`, `componentOf` or `inputTo`.
        state: State of its own statement when it went in.
        statement: Its statement; None without one.
    """

    title: str
    relationship: str
    state: State
    statement: Statement | None


@dataclass(frozen=True, slots=True)
class FileReport:
    """Statement of a file, and whether it holds.

    Attributes:
        path: The file.
        state: State of its statement.
        reasons: Why it is not valid, or cannot be read; in words.
        statement: The statement; None without one.
    """

    path: Path
    state: State
    reasons: tuple[str, ...] = ()
    statement: Statement | None = None

    @property
    def words(self) -> str:
        """The state in words."""
        signer = self.statement.signer if self.statement else ""
        return {
            "trusted": f"valid, signed by {signer}, who is trusted here",
            "valid": f"valid, signer unknown ({signer})",
            "invalid": f"NOT VALID: {'; '.join(self.reasons) or 'for an unknown reason'}",
            "none": "no signed statement",
            "unreadable": f"cannot be read: {'; '.join(self.reasons)}",
        }[self.state]


def read_file(
    path: Path, anchors: Sequence[bytes] = (), allowed: Sequence[bytes] = ()
) -> FileReport:
    """Return what a file states; nothing is fetched from the network.

    Args:
        path: The file.
        anchors: Certificates of authorities that are trusted, as PEM.
        allowed: Certificates of signers that are trusted themselves, as PEM.

    Raises:
        CannotSign: The extra `provenance` is not installed.
    """
    from engine.provenance.identity import require_packages

    require_packages()
    try:
        document, state = _read(path, anchors, allowed)
    except OSError as error:
        return FileReport(path, "unreadable", (str(error.strerror or error),))
    except CannotRead as error:
        return FileReport(path, "unreadable", (error.message,))
    if document is None:
        return FileReport(path, "none")
    return _report(path, document, state)


def _read(
    path: Path, anchors: Sequence[bytes], allowed: Sequence[bytes]
) -> tuple[Mapping[str, Any] | None, str]:
    """Return the statements of a file as plain data, and their state.

    Raises:
        CannotRead: It is of another format, broken or too large.
        OSError: It cannot be opened.
    """
    import c2pa

    if not path.is_file():
        raise CannotRead("is not a file" if path.exists() else "does not exist")
    context, last = _context(anchors, allowed), "is of no format that carries statements"
    for media_type in _formats(path):
        try:
            with path.open("rb") as stream:
                reader = c2pa.Reader.try_create(media_type, stream, context=context)
                if reader is None:
                    return None, ""
                with reader:
                    return _document(reader.json()), str(reader.get_validation_state())
        except c2pa.C2paError as error:
            last = clean(str(error), MAX_TEXT)
    raise CannotRead(last)


def _formats(path: Path) -> tuple[str, ...]:
    with path.open("rb") as stream:
        head = stream.read(16)
    if head[:3] == b"ID3":  # the tag comes first in MP3 and may do so in FLAC
        return tuple(reversed(_ID3)) if path.suffix.lower() == ".flac" else _ID3
    media_type = format_of(head)
    return (media_type,) if media_type else ()


def _document(text: str) -> Mapping[str, Any]:
    if len(text) > MAX_DOCUMENT_CHARS:
        raise CannotRead("has a statement that is too large")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise CannotRead("has a statement that cannot be read") from None
    if not isinstance(document, dict):
        raise CannotRead("has a statement that cannot be read")
    return document


def _context(anchors: Sequence[bytes], allowed: Sequence[bytes]) -> Any:
    from c2pa import Context, Settings

    trust = {
        "user_anchors": b"\n".join(anchors).decode("ascii", "replace"),
        "allowed_list": b"\n".join(allowed).decode("ascii", "replace"),
    }
    settings: dict[str, Any] = {
        "version": 1,
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
        "trust": {name: text for name, text in trust.items() if text},
    }
    return Context(Settings.from_dict(settings))


def _report(path: Path, document: Mapping[str, Any], validation: str) -> FileReport:
    state: State = {"Trusted": "trusted", "Valid": "valid"}.get(validation, "invalid")  # type: ignore[assignment]
    manifests = _mapping(document, "manifests")
    active = _mapping(manifests, str(document.get("active_manifest", "")))
    statement = _statement(active, manifests, 0)
    results = _mapping(document, "validation_results")
    reasons = dict.fromkeys(_failures(results)) if state == "invalid" else {}
    return FileReport(path, state, tuple(reasons), statement)


def _failures(results: Mapping[str, Any]) -> Iterator[str]:
    """Yield why a statement, or one of an ingredient, does not hold."""
    yield from _words_of(_mapping(results, "activeManifest"))
    for delta in _items(results, "ingredientDeltas"):
        for words in _words_of(_mapping(delta, "validationDeltas")):
            yield f"of what went into it: {words}"


def _words_of(results: Mapping[str, Any]) -> Iterator[str]:
    for one in _items(results, "failure"):
        code = _text(one.get("code"))
        if code != _UNKNOWN_SIGNER:
            explanation = _text(one.get("explanation"))
            yield _WORDS.get(code) or f"{explanation or 'no explanation'} ({code})"


def _statement(manifest: Mapping[str, Any], manifests: Mapping[str, Any], depth: int) -> Statement:
    signature = _mapping(manifest, "signature_info")
    assertions = _items(manifest, "assertions")
    actions = [
        action
        for one in assertions
        if _text(one.get("label")).startswith("c2pa.actions")
        for action in _items(_mapping(one, "data"), "actions")
    ][:MAX_ACTIONS]
    sources = (_text(action.get("digitalSourceType")).rpartition("/")[2] for action in actions)
    return Statement(
        generator=_generator(manifest),
        signer=_text(signature.get("common_name")) or _text(signature.get("issuer")) or "no name",
        issuer=_text(signature.get("issuer")),
        signed_at=_text(signature.get("time")),
        source_types=tuple(dict.fromkeys(one for one in sources if one)),
        actions=tuple(map(_action, actions)),
        step=_step(assertions),
        ingredients=tuple(_ingredients(manifest, manifests, depth)),
    )


def _generator(manifest: Mapping[str, Any]) -> str:
    listed = _items(manifest, "claim_generator_info")
    if not listed:
        return _text(manifest.get("claim_generator"))
    return " ".join(filter(None, (_text(listed[0].get(name)) for name in ("name", "version"))))


def _action(action: Mapping[str, Any]) -> str:
    what = _text(action.get("action")).removeprefix("c2pa.")
    agent = action.get("softwareAgent")
    name = _text(agent.get("name")) if isinstance(agent, dict) else _text(agent)
    return f"{what} by {name}" if name else what


def _step(assertions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return our own assertion, cleaned; empty without one."""
    data = next((_mapping(one, "data") for one in assertions if one.get("label") == STEP), {})
    return {_text(name): _cleaned(value) for name, value in list(data.items())[:MAX_INGREDIENTS]}


def _cleaned(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return clean(value, 20_000)
    if isinstance(value, list) and depth < MAX_DEPTH:
        return [_cleaned(one, depth + 1) for one in value[:MAX_INGREDIENTS]]
    if isinstance(value, dict) and depth < MAX_DEPTH:
        kept = list(value.items())[:MAX_INGREDIENTS]
        return {_text(name): _cleaned(one, depth + 1) for name, one in kept}
    return value if isinstance(value, bool | int | float) else None


def _ingredients(
    manifest: Mapping[str, Any], manifests: Mapping[str, Any], depth: int
) -> Iterator[IngredientReport]:
    if depth >= MAX_DEPTH:
        return
    for one in _items(manifest, "ingredients")[:MAX_INGREDIENTS]:
        inner = _mapping(manifests, str(one.get("active_manifest", "")))
        yield IngredientReport(
            _text(one.get("title")),
            _text(one.get("relationship")),
            _state_of(one, has_statement=bool(inner)),
            _statement(inner, manifests, depth + 1) if inner else None,
        )


def _state_of(ingredient: Mapping[str, Any], *, has_statement: bool) -> State:
    """Return the state of an ingredient's statement, as it was when it went in."""
    if not has_statement:
        return "none"
    results = _mapping(_mapping(ingredient, "validation_results"), "activeManifest")
    codes = {_text(one.get("code")) for one in _items(results, "failure")}
    if codes - {_UNKNOWN_SIGNER}:
        return "invalid"
    return "valid" if codes else "trusted"


def _mapping(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}


def _items(value: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    inner = value.get(name)
    return [one for one in inner if isinstance(one, dict)] if isinstance(inner, list) else []


def _text(value: Any) -> str:
    return clean(value, MAX_TEXT) if isinstance(value, str) else ""
