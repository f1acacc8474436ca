"""`docs/api.md`: every curl line runs as it stands, against a live server with an engine."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from db.queries.batches import batches
from engine.api.auth.issue import Wanted, issue
from engine.api.codes import CODES
from engine.client.workspace import Workspace
from tests.client.remote.conftest import engine_at
from tests.support.live_server import serving
from tests.support.one_process import compute_here

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
ADDRESS = "http://localhost:8000"

SMALL = """
[recipes.storyboard]
width = 64
height = 64
num_variations = 1
max_enhancement_iterations = 0
[recipes.refine]
width = 64
height = 64
"""

PRELUDE = """
curl() {
  command curl --silent --show-error --fail-with-body --max-time 30 "$@"
  local code=$?
  [ $code = 28 ] && return 0  # a stream that was left
  return $code
}
quietly() {
  command curl -s "$@" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"
}
ended() {
  local until=$((SECONDS + 60))
  while [ $SECONDS -lt $until ]; do
    quietly "$1" | grep -q '"status": *"\\(completed\\|done\\)"' && return
    sleep 0.1
  done
  return 1
}
"""


def commands() -> list[str]:
    """The command lines of the page that have a curl in them, and assignments."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    lines = [line for block in blocks for line in re.split(r"^\$ ", block, flags=re.MULTILINE)]
    return [line.strip() for line in lines if line.startswith(("curl", "HASH="))]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_every_line_of_the_page_runs_as_it_stands(tmp_path) -> None:
    root, here = tmp_path / "film", tmp_path / "here"
    root.mkdir()
    (root / "safelight.toml").write_text(SMALL)
    lines = commands()
    assert len(lines) >= 37
    with pytest.MonkeyPatch.context() as patch:
        compute_here(patch)
        workspace = Workspace(root, create=True)
        with serving(workspace) as live, engine_at(workspace):
            answers = answers_of(lines, live.url, live.token, here, waits=True)
    answer = dict(zip(lines, answers, strict=True))
    first = next(text for line, text in answer.items() if "api/generate " in line)
    assert '"generation_id":"j1","status":"pending"' in first
    status = next(text for line, text in answer.items() if "api/status/j1 " in line)
    assert '"status":"completed","progress":100' in status
    assert '"reference_image_url":"http://' in status
    stream = next(text for line, text in answer.items() if "event-stream" in line)
    assert "event: job.done" in stream
    assert Image.open(here / "scene-1.png").size == (64, 64)
    assert (here / "start.bin").stat().st_size == 100
    assert Image.open(here / "small.webp").format == "WEBP"
    with workspace.reading() as connection:
        names = [row.name for row in batches(connection)]
    assert names.count("evening") == 1  # its request was sent twice


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_three_calls_take_a_signed_token_too(tmp_path) -> None:
    workspace = Workspace(tmp_path / "film", create=True)
    lines = [line for line in commands() if "/api/" in line and "scene-1" not in line]
    assert len(lines) == 3
    with serving(workspace) as live:
        token = issue(workspace, Wanted("jwt", ("write", "read"), None, signed=True)).secret
        answers = answers_of(lines, live.url, token, tmp_path / "here", waits=False)
    assert token.count(".") == 2
    assert '"generation_id":"j2"' in answers[1]
    assert '"status":"pending"' in answers[2]


def answers_of(lines: list[str], url: str, token: str, here: Path, *, waits: bool) -> list[str]:
    """Run command lines in one shell, in a folder with an image; return what each printed."""
    here.mkdir()
    Image.new("RGB", (128, 128), "purple").save(here / "perfume.png")
    ran = subprocess.run(
        ["bash", "-c", script(lines, url, waits=waits)],
        cwd=here,
        env={**os.environ, "TOKEN": token},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    answers = re.split(r"^## \d+\n", ran.stdout, flags=re.MULTILINE)[1:]
    for line, text in zip(lines, answers, strict=True):
        assert text.rstrip().endswith("## rc 0"), (line, text, ran.stderr)
    return answers


def script(lines: list[str], url: str, *, waits: bool) -> str:
    """One script of command lines, each with a mark; what was queued is waited for."""
    parts = [PRELUDE]
    for number, line in enumerate(lines):
        if "/pause" in line:  # of a batch that has ended, it would be refused
            parts.append(f"quietly -X POST {url}/v1/engine/pause_all > /dev/null")
            more = '-d \'{"entries": ["still to come"]}\''
            parts.append(f"quietly -X POST {url}/v1/batches/b3/entries {more} > /dev/null")
        parts.append(f"echo; echo '## {number}'\n{line.replace(ADDRESS, url)}")
        parts.append('code=$?; echo; echo "## rc $code"')
        if waits and "api/generate-with" in line:
            parts.append(f"ended {url}/api/status/j1")
        if waits and "/entries" in line:
            parts.append(f"ended {url}/v1/batches/b3")
    return "\n".join(parts)


def test_the_page_has_every_code_of_a_refusal() -> None:
    listed = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", PAGE, re.MULTILINE))
    assert {code: listed.get(code) for code in CODES} == dict(CODES)
