"""Files of settings that hold no text."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config.settings import SettingsError, load_environment, read_settings


@pytest.mark.parametrize("name", ["safelight.toml", ".env", ".env.local"])
def test_the_file_that_is_no_text_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "safelight.toml").write_text("[outputs]\n")
    (tmp_path / name).write_bytes(b"KEY=\xff\xfe\n")
    with pytest.raises(SettingsError) as caught:
        read_settings(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / name} is not UTF-8 text")


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf[engine]\r\njobs_in_flight = 2\r\n"
    (tmp_path / "safelight.toml").write_bytes(text)
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfFAL_KEY=1234\r\n")
    assert read_settings(tmp_path).engine.jobs_in_flight == 2
    assert load_environment(tmp_path)["FAL_KEY"] == "1234"


def test_no_variable_of_the_user_is_put_into_a_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-user")
    written = "https://gateway.example/${OPENAI_API_KEY}"
    (tmp_path / ".env").write_text(
        f"SAFELIGHT_BACKENDS__COMFYUI__BASE_URL={written}\nOLLAMA_HOST={written}\n"
    )
    assert read_settings(tmp_path).backends["comfyui"]["base_url"] == written
    assert load_environment(tmp_path)["OLLAMA_HOST"] == written


@pytest.mark.parametrize("name", ["safelight.toml", ".env", ".env.local"])
def test_nothing_waits_for_a_pipe_in_the_place_of_a_file(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    code = (
        "import sys, pathlib; from engine.config.settings import *;"
        " root = pathlib.Path(sys.argv[1]); "
        "read_settings(root); load_environment(root)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=60)
