"""Files of a job's input: the fields that hold a stored file."""

import json
from typing import Any

from pydantic import ValidationError

from db.queries.faces import FileLine
from engine.contract.backend import Artifact


def input_files(document: str) -> dict[str, FileLine]:
    """Return the files of a job's input by their fields.

    Args:
        document: The input as JSON, as the store has it.
    """
    try:
        fields: Any = json.loads(document)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(fields, dict):
        return {}
    files = ((str(name), _file(value)) for name, value in fields.items())
    return {name: file for name, file in files if file is not None}


def _file(value: Any) -> FileLine | None:
    try:
        artifact = Artifact.model_validate(value)
    except ValidationError:
        return None
    return FileLine(
        id=0,
        step_id=None,
        role="",
        hash=artifact.hash,
        kind=artifact.kind[:40],
        media_type=artifact.media_type[:100],
        size=artifact.size,
        width=artifact.width,
        height=artifact.height,
        facts=json.dumps(dict(artifact.facts)),
    )
