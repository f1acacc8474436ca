"""Reports of hosts that pass on what they cannot be believed to say: log records, readings."""

import logging
import math

from engine.models.hosts import messages
from engine.models.hosts.current_task import CurrentBatch, CurrentLoad
from engine.text.terminal import clean

log = logging.getLogger(__name__)


def log_line(device: str, report: messages.LogLine) -> None:
    """Write a record of a host to the log; warnings of libraries are not for operators."""
    ours = report.logger.partition(".")[0] == "engine"
    level = report.level if ours or report.level > logging.WARNING else logging.INFO
    text = clean(report.text, None, keep_newlines=True)
    log.log(min(level, logging.ERROR), "%s: %s: %s", device, clean(report.logger), text)


def plausible(reading: messages.DeviceReading) -> messages.DeviceReading:
    """Return a reading of a device without figures that cannot be one."""
    return messages.DeviceReading(
        _within(reading.load, 100), _within(reading.celsius, 1000), _within(reading.used, 2**50)
    )


def pass_on(
    work: CurrentLoad | CurrentBatch | None, report: messages.TaskProgress | messages.TaskPreview
) -> None:
    """Tell the listener of a task of the current batch its progress or preview."""
    if not isinstance(work, CurrentBatch) or work.number != report.number:
        return
    task = work.tasks[report.task]
    if task.answer.done():
        return
    if isinstance(report, messages.TaskPreview):
        task.listener.preview(report.image)
        return
    known = report.fraction is not None and math.isfinite(report.fraction)
    fraction = min(1.0, max(0.0, report.fraction or 0.0)) if known else None
    task.listener.progress(fraction, clean(report.message))


def _within(figure: int | None, most: int) -> int | None:
    return figure if figure is not None and 0 <= figure <= most else None
