"""Results on this machine: a stored file, or a batch as a folder."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.client.documents import versioned
from engine.client.remote.asking import Ask, Operation, Reply
from engine.client.remote.errors import RemoteError
from engine.client.remote.operations import reading
from engine.kinds.file_names import suffix_of
from engine.text.errors import UserError
from engine.text.file_names import safe_name

RECORD = "job.json"
_DIGEST = re.compile(r"sha-256=:([0-9A-Za-z+/]{43}=):")


def download(artifact: str, path: Path) -> Operation[Path]:
    """Write a stored file to a path, which holds nothing or all of it.

    Its bytes are checked by its hash, or by the digest of the signed copy that a server sends in
    its place.

    Args:
        artifact: Its hash, as documents have it.
        path: The file to write; one that is there is replaced.
    """
    hash_ = artifact.removeprefix("sha256:")
    part = path.with_name(f".{path.name}.part")
    try:
        reply = yield Ask("GET", f"/v1/artifacts/{hash_}", save_to=part)
        with part.open("rb") as file:
            came = hashlib.file_digest(file, "sha256").hexdigest()
        if came != (_digest_of(reply) or hash_):
            raise RemoteError(f"The server sent other bytes than {hash_[:12]}; nothing was kept.")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _digest_of(reply: Reply) -> str:
    """Return the SHA-256 of a signed copy as its answer states it (RFC 9530); empty without."""
    match = _DIGEST.fullmatch(reply.headers.get("repr-digest", ""))
    return base64.b64decode(match[1]).hex() if match else ""


def _is_there(target: Path, file: Mapping[str, Any]) -> Operation[bool]:
    """Return whether a file has been written before, by its length: stored or signed."""
    if not target.is_file():
        return False
    size = target.stat().st_size
    if size == file["bytes"]:
        return True
    hash_ = str(file["artifact"]).removeprefix("sha256:")
    reply = yield Ask("HEAD", f"/v1/artifacts/{hash_}")
    return bool(_digest_of(reply)) and reply.headers.get("content-length") == str(size)


def export(batch: str, folder: Path, *, everything: bool = False) -> Operation[list[Path]]:
    """Write the results of a batch to a folder: one folder per job with its files and `job.json`.

    A file that is there already with the same length is kept, so an export can be continued.

    Args:
        batch: The batch.
        folder: The folder; created if it is not there.
        everything: All files of each job, not only those of its best iteration and its result.

    Returns:
        The folders.

    Raises:
        UserError: The folder is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is not a folder.")
    folders: list[Path] = []
    taken: set[str] = set()
    for line in (yield from reading.jobs(batch)):
        job = yield from reading.job(line["id"])
        home = folder / _free(safe_name(job["key"], suffix=""), taken)
        home.mkdir(parents=True, exist_ok=True)
        for file in _chosen(job, everything=everything):
            target = home / _file_name(file)
            if not (yield from _is_there(target, file)):
                yield from download(file["artifact"], target)
        text = json.dumps(versioned(job), ensure_ascii=True, indent=2)
        (home / RECORD).write_text(text + "\n", encoding="ascii")
        folders.append(home)
    return folders


def _free(name: str, taken: set[str]) -> str:
    """Return a name that is not taken, whatever its case, and take it."""
    free, number = name, 1
    while free.lower() in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(free.lower())
    return free


def _chosen(job: Mapping[str, Any], *, everything: bool) -> Iterator[Mapping[str, Any]]:
    """Yield the files of a job to write: all, or without those of worse iterations."""
    scores = [turn["score"] for turn in job["iterations"] if turn["score"] is not None]
    kept = {
        turn["artifact"]
        for turn in job["iterations"]
        if not scores or turn["score"] == job["best_score"]
    }
    of_turns = {turn["artifact"] for turn in job["iterations"]}
    for file in job["files"]:
        if everything or file["artifact"] not in of_turns or file["artifact"] in kept:
            yield file


def _file_name(file: Mapping[str, Any]) -> str:
    """Return the name of a file: its step, its role, the start of its hash."""
    suffix = suffix_of(str(file["kind"]), str(file["media_type"]))
    step = str(file["step"] or "").replace("/", "-")
    return safe_name(step, str(file["role"]), str(file["artifact"])[:8], suffix=suffix)
