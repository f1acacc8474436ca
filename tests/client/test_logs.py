"""The log of a run, where there is no room for it."""

import errno
import logging
from pathlib import Path

import pytest

from engine.client.logs import log_to_file
from engine.config.settings import LogSettings


@pytest.fixture
def root_logger():
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield root
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def test_a_full_disk_loses_lines_and_prints_no_tracebacks(
    tmp_path: Path, root_logger: logging.Logger, monkeypatch, capsys
):
    path = log_to_file(tmp_path, "run", LogSettings(level="INFO"))
    handler = next(h for h in root_logger.handlers if getattr(h, "baseFilename", "") == str(path))
    full = True

    def write(stream_write):
        def or_not(text: str) -> int:
            if full:
                raise OSError(errno.ENOSPC, "No space left on device")
            return stream_write(text)

        return or_not

    logging.info("the first")
    monkeypatch.setattr(handler.stream, "write", write(handler.stream.write))  # type: ignore[attr-defined]
    logging.error("there is no room for this")
    full = False
    logging.info("the last")
    handler.flush()
    assert "Traceback" not in capsys.readouterr().err
    said = path.read_text()
    assert ("the first" in said, "no room" in said, "the last" in said) == (True, False, True)


def test_a_defect_in_what_is_logged_is_still_told(
    tmp_path: Path, root_logger: logging.Logger, capsys
):
    path = log_to_file(tmp_path, "run", LogSettings(level="INFO"))
    handler = next(h for h in root_logger.handlers if getattr(h, "baseFilename", "") == str(path))
    handler.handle(logging.LogRecord("x", logging.INFO, "x.py", 1, "%d", ("no number",), None))
    assert "Traceback" in capsys.readouterr().err


def test_addresses_of_http_clients_are_not_logged(tmp_path: Path, root_logger: logging.Logger):
    path = log_to_file(tmp_path, "run", LogSettings(level="DEBUG"))
    for name in ("httpx", "httpx2", "httpcore.connection", "urllib3.connectionpool"):
        logging.getLogger(name).info("HTTP Request: GET https://example.com/?key=hidden")
    logging.getLogger("httpx").warning("A warning stays")
    assert "hidden" not in path.read_text()
    assert "A warning stays" in path.read_text()
