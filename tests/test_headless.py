"""The engine works where Textual is not installed."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

WITHOUT_TEXTUAL = """
import sys
for name in ("textual", "textual_image", "textual_fspicker", "tui"):
    sys.modules[name] = None
from engine.cli.app import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_batch_runs_without_textual(tmp_path: Path):
    (tmp_path / "in.txt").write_text("a green hill at noon\n")
    small = ["--set", "width=64", "--set", "height=64", "--max-iterations", "1"]
    command = ["run", "refine", str(tmp_path / "in.txt"), "-w", str(tmp_path / "w"), *small]
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_TEXTUAL, *command],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "1 done" in ran.stdout
