"""The two fields that a batch comes from: a prompt, or a file of entries."""

from dataclasses import replace
from pathlib import Path

from engine.client.again import AgainRequest
from engine.text.plural import pluralize
from tui.screens.new_batch.fields import FormField
from tui.screens.new_batch.recipe_options import PROMPT, filled_with

SUFFIXES = (".json", ".yaml", ".yml", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt")
"""Endings of files of entries."""

MAX_PATH = 4096
NEITHER = "type a prompt, or choose a file"
BOTH = "give a prompt or a file, not both: clear one of them"

FILE = FormField(
    "file",
    "file",
    "Input file: JSON, YAML, JSONL, CSV or one prompt per line. ^o opens the file picker.",
    "text",
    "",
    hint="a file of many entries",
)


def asked_again(again: AgainRequest) -> tuple[FormField, FormField]:
    """Return prompt and file for what is queued again: its prompt, or how many it has."""
    entries = again.request.entries
    if len(entries) == 1:
        return filled_with([PROMPT], entries[0])[0], replace(FILE, hint="another file")
    count = pluralize(len(entries), "entry", "entries")
    prompt = replace(PROMPT, hint=f"the prompts of {again.called}; type one to queue it alone")
    return prompt, replace(FILE, hint=f"the {count} of {again.called}, or another file")


def is_file_name(text: str) -> bool:
    """Return whether a text is the path of a file, not a prompt.

    It is a word that ends as files of entries do, or the path of a file with another ending.
    """
    if not 0 < len(text) < MAX_PATH or "\n" in text or "\0" in text:
        return False
    try:
        path = Path(text).expanduser()
        is_listed = path.suffix.lower() in SUFFIXES and not any(map(str.isspace, text))
        return is_listed or (bool(path.suffix) and path.is_file())
    except (OSError, RuntimeError):
        return False
