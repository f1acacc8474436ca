"""Facts that a recipe sums up a batch by, at the end of `safelight run`."""

import json
import logging
from collections.abc import Iterator, Sequence
from textwrap import wrap

from rich.console import Console

from db.rows import BatchRow
from engine.client.documents import versioned
from engine.client.ids import batch_name
from engine.client.workspace import Workspace
from engine.contract.outputs import SummaryLine
from engine.text.terminal import clean

log = logging.getLogger(__name__)

WIDTH = 80
"""Columns of a line; longer words, such as names of files, stay whole."""

_NAME = 12
_TEXT = 600


def print_summary(
    workspace: Workspace, batch: BatchRow, console: Console, *, as_json: bool
) -> None:
    """Print the summary of a batch: a few lines, or one line of JSON; nothing without one."""
    name = batch_name(batch.id)
    try:
        facts = workspace.summary(name)
    except Exception as error:  # noqa: BLE001 - the batch has ended well, and its files are there
        log.warning("%s cannot be summed up: %s", name, error)
        return
    if as_json and facts:
        summary = {fact.name: fact.data for fact in facts}
        document = versioned({"type": "summary", "batch": name, "summary": summary})
        console.out(json.dumps(document), highlight=False)
    elif not as_json:
        for line in lines_of(facts):
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def lines_of(facts: Sequence[SummaryLine]) -> Iterator[str]:
    """Yield the lines of a summary: names in a column, texts beside it, at most 80 columns."""
    for fact in facts:
        text = clean(fact.text, _TEXT)
        rows = wrap(text, WIDTH - _NAME, break_long_words=False, break_on_hyphens=False) or [""]
        yield f"{clean(fact.name, _NAME - 2):<{_NAME}}{rows[0]}"
        yield from (" " * _NAME + row for row in rows[1:])
