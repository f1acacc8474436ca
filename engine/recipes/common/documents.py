"""Documents as bytes: JSON and YAML that are safe to show in a terminal."""

import json
import re
from typing import Any

import yaml

VERSION = 1
"""Version of these documents, in each of them."""

# Characters that a terminal would act on or hide when the file is shown with `cat`, and halves of
# characters, which UTF-8 cannot hold.
_HIDDEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # ten times as fast, if it is built


def to_json(document: dict[str, Any] | list[Any], indent: int | None = 2) -> bytes:
    """Return a document as UTF-8 JSON that is safe to show in a terminal."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent)
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode() + b"\n"


def to_yaml(document: dict[str, Any]) -> bytes:
    """Return a document as UTF-8 YAML that is safe to show in a terminal."""
    readable = not _HIDDEN.search(json.dumps(document, ensure_ascii=False))
    text: str = yaml.dump(_whole(document), Dumper=_Dumper, sort_keys=False, allow_unicode=readable)
    return text.encode()


def _whole(value: Any) -> Any:
    """Return the data with U+FFFD for halves of characters, which YAML cannot represent."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value
