"""Sounds by the command line: the document's options, what is shown, and exit codes."""

import json
from pathlib import Path

import pytest

from engine.cli.app import main
from tests.support.optional import needs

needs("soundfile", "scipy")

pytestmark = pytest.mark.usefixtures("one_process")

QUICK = ["--num-variations", "2", "--max-iterations", "1", "--audio_length", "0.5"]
PROMPT = ["run", "sound-effect", "--prompt", "heavy boots walking on marble floor"]


def test_the_command_of_the_document_gives_a_file_and_its_facts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    more = ["--output", "./outputs/", "--cfg_scale", "7", "--steps", "100", "--fade", "0.01"]
    assert main([*PROMPT, *QUICK, *more]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    documents = [json.loads(path.read_text()) for path in Path("outputs").glob("*/*.json")]
    [document] = [one for one in documents if one["kept"]]
    assert len(list(Path("outputs").glob(f"*/{document['output_path']}"))) == 1
    for line in (
        "prompt      heavy boots walking on marble floor",
        f"output      {document['output_path']}",
        "sound       48000 Hz, 2 channels, 0.5 s (target: 0.5 s), shape [2, 24000]",
        f"phase       good, correlation {document['phase_info']['correlation']:.3f}",
    ):
        assert line in shown
    assert (document["cfg_scale"], document["diffusion_steps"]) == (None, None)  # it has neither
    assert main(["show", "j1"]) == 0
    assert capsys.readouterr().out.count("★ kept") == 1


def test_the_summary_is_a_line_of_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*PROMPT, *QUICK, "--json", "-w", str(tmp_path)]) == 0
    *_, last = capsys.readouterr().out.splitlines()
    assert json.loads(last)["summary"]["sound"]["audio_shape"] == [2, 24_000]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--audio-length", "300"], "audio_length"),
        (["--init-audio", "gone.wav"], "'gone.wav' does not exist"),
        (["--init-noise", "0.4"], "has no effect without init_audio"),
        (["--loop", "--fade", "1"], "Error: Settings: a loop has no fade"),
        (["--audio-format", "aiff"], "'aiff' is not one of 'wav'"),
        (["--target-lufs", "loud"], "target_lufs"),
        (["--set", "audio=nonsense"], "nonsense"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_generated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main([*PROMPT, *options, "-w", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "outputs").exists()
