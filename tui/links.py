"""Links to files for terminals that have them (OSC 8), on this machine or over SSH."""

import socket
from pathlib import Path
from urllib.parse import quote

from textual.markup import escape

from engine.text.terminal import clean


def file_url(path: Path) -> str:
    """Return a `file://` URL with the name of this machine, so that it is clear over SSH."""
    host = quote(socket.gethostname(), safe="")
    return f"file://{host}{quote(str(path.absolute()))}"


def linked(sentence: str, path: Path) -> str:
    """Return a sentence as markup in which a path is a link.

    Args:
        sentence: The sentence; it is cleaned.
        path: The path, as the sentence has it.
    """
    text = clean(sentence, 500)
    before, name, after = text.partition(clean(str(path), 500))
    if not name:
        return escape(text)
    return f'{escape(before)}[link="{file_url(path)}"]{escape(name)}[/link]{escape(after)}'
