"""The engine as a process: how it ended."""

import subprocess
import sys
from pathlib import Path

from engine.client.engine_process import EngineProcess
from engine.config.paths import WorkspacePaths


def test_an_engine_that_was_killed_is_said_to_be_once(tmp_path: Path) -> None:
    engine = EngineProcess(WorkspacePaths(tmp_path), "engine")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        engine._child = process
        assert engine.failure() is None
        process.kill()
        process.wait()
    assert "was killed by SIGKILL" in (engine.failure() or "")
    assert engine.failure() is None
