"""Recorder of a program in a real pseudo-terminal, as an asciicast (version 2).

https://docs.asciinema.org/manual/asciicast/v2/
"""

import codecs
import json
import os
import re
import select
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ptyprocess import PtyProcess  # type: ignore[import-untyped]

LONGEST_PAUSE = 1.5
"""Longest time without output in a recording, in seconds; longer ones are cut."""

_QUERY = re.compile(r"\x1b\[(?:\?\d+\$p|6n|c|>c|>\d*u|\?u|\d*t)")
"""Questions to the terminal, which a player must not answer."""


@dataclass
class Recording:
    """Output of a program over time.

    Attributes:
        size: Columns and rows.
        title: Its title.
        events: Seconds from the start, and the output of that moment.
    """

    size: tuple[int, int]
    title: str
    events: list[tuple[float, str]] = field(default_factory=list)

    def add(self, seconds: float, text: str) -> None:
        """Add output; that of the same moment is one event."""
        text = _QUERY.sub("", text)
        if self.events and seconds - self.events[-1][0] < 0.01:
            self.events[-1] = (self.events[-1][0], self.events[-1][1] + text)
        elif text:
            self.events.append((seconds, text))

    def shortened(self) -> "Recording":
        """Return the same without long pauses."""
        short = Recording(self.size, self.title)
        before = at = 0.0
        for seconds, text in self.events:
            at += min(LONGEST_PAUSE, seconds - before)
            before = seconds
            short.events.append((round(at, 3), text))
        return short

    def write(self, path: Path) -> None:
        """Write it as an asciicast."""
        columns, rows = self.size
        header = {"version": 2, "width": columns, "height": rows, "title": self.title}
        header["env"] = {"TERM": "xterm-256color", "SHELL": "/bin/sh"}
        lines = [json.dumps(header)]
        lines += [json.dumps([at, "o", text], ensure_ascii=False) for at, text in self.events]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def record(
    command: Sequence[str],
    script: Sequence[tuple[str, float]],
    *,
    size: tuple[int, int],
    title: str,
    environment: Mapping[str, str],
    folder: Path,
) -> Recording:
    """Run a program, press keys as a script says, and return what it has written.

    Args:
        command: The program and its arguments.
        script: Keys as the terminal sends them, each with the seconds that follow it.
        size: Columns and rows of the terminal.
        title: Title of the recording.
        environment: Variables besides those of this process.
        folder: The working directory.
    """
    recording = Recording(size, title)
    child = PtyProcess.spawn(
        list(command), cwd=str(folder), env={**os.environ, **environment}, dimensions=size[::-1]
    )
    started = time.monotonic()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for keys, seconds in script:
        if keys:
            child.write(keys.encode())
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([child.fd], [], [], left)[0]:
                break
            try:
                data = os.read(child.fd, 1 << 16)
            except OSError:  # it has ended
                child.close(force=True)
                return recording.shortened()
            recording.add(time.monotonic() - started, decoder.decode(data))
    child.close(force=True)
    return recording.shortened()
