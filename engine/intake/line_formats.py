"""JSONL and plain lines, read line by line in bounded memory."""

from collections.abc import Iterator

from engine.intake.entries import TEXT_FIELD, InputEntry, to_entry
from engine.intake.option_lines import is_options, read_options, refuse_infotext
from engine.intake.problems import Problem
from engine.intake.source import InputSource, lines
from engine.text.strict.json_format import decode
from engine.text.strict.values import UnreadableInput


def read_jsonl(source: InputSource) -> Iterator[InputEntry | Problem]:
    """Read one JSON object or text per line; blank lines are skipped."""
    number = 0
    for line, text in lines(source):
        if not text.strip():
            continue
        number += 1
        try:
            entry = to_entry(source.name, number, line, decode(text))
        except UnreadableInput as error:
            yield Problem(file=source.name, entry=number, line=line, message=str(error))
            continue
        if isinstance(entry, InputEntry):
            yield entry
        else:
            yield from entry


def read_lines(source: InputSource) -> Iterator[InputEntry | Problem]:
    """Read one prompt per line; blank lines and lines that start with `#` are skipped.

    A line of options, `--prompt "a barn" --seed 7`, is read as in AUTOMATIC1111; a line of
    its text about an image is refused.
    """
    number = 0
    for line, text in lines(source):
        prompt = text.strip()
        if not prompt or prompt.startswith("#"):
            continue
        number += 1
        try:
            refuse_infotext(prompt)
            data = read_options(prompt) if is_options(prompt) else {TEXT_FIELD: prompt}
        except UnreadableInput as error:
            yield Problem(file=source.name, entry=number, line=line, message=str(error))
        else:
            yield InputEntry(number, line, data)
