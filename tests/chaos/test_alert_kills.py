"""`kill -9` around an alert: the user's command gets each event at most once."""

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.config.trust.commands import ALERT_VARIABLE
from tests.support.chaos import Nursery, ProviderProcess, Stage
from tests.support.chaos_engine import TOLD
from tests.support.effort import stride

pytestmark = pytest.mark.slow

NOTE = """
import json, os, sys
data = json.load(sys.stdin)
with open(os.path.join(data["workspace"], "noted"), "a") as file:
    print(json.dumps([data["kind"], data["batch"]]), file=file)
"""


@pytest.fixture(scope="module")
def alerting(tmp_path_factory: pytest.TempPathFactory, provider: ProviderProcess) -> Any:
    """A queued batch whose end is an alert, and engines that may run the command."""
    folder = tmp_path_factory.mktemp("alerting")
    script = folder / "note.py"
    script.write_text(NOTE)
    with pytest.MonkeyPatch.context() as patch:
        command = f"{sys.executable} {script}"
        patch.setenv(ALERT_VARIABLE, command)
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        engines = Nursery()
        template = Stage.queued(folder / "template", provider, 1, iterations=1)
        (template.root / TOLD).touch()
        (template.root / "safelight.toml").write_text(
            f"[alerts]\ncommand = {json.dumps(command)}\n"
        )
        yield template, engines
        engines.close()


def noted(stage: Stage) -> list[list[str]]:
    path = stage.root / "noted"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_alert_is_never_repeated_wherever_the_engine_dies(
    moment: str, alerting: tuple[Stage, Nursery], tmp_path: Path
) -> None:
    template, engines = alerting
    heard = 0
    for number in itertools.count(1, stride(6)):
        stage = template.copy(tmp_path / str(number))
        ended = engines.run(stage.root, stage.provider.port, f"{moment}:{number}")
        stage.run_to_the_end(engines)
        assert engines.run(stage.root, stage.provider.port), "one more engine with nothing to do"
        assert stage.batch().state == "done"
        ends = [entry for entry in noted(stage) if entry[0] == "done"]
        assert len(ends) <= 1, f"told twice after a kill {moment} commit {number}"
        heard += len(ends)
        if ended:
            assert ends == [["done", "b1"]], "nobody was killed: it is told"
            break
    assert number > 8, "it was not over before it began"
    assert heard > 1
