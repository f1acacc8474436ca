"""Files of settings that hold no text."""

from pathlib import Path

import pytest

from engine.settings import SettingsError, read_settings


@pytest.mark.parametrize("name", ["safelight.toml", ".env", ".env.local"])
def test_the_file_that_is_no_text_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "safelight.toml").write_text("[outputs]\n")
    (tmp_path / name).write_bytes(b"KEY=\xff\xfe\n")
    with pytest.raises(SettingsError) as caught:
        read_settings(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / name} is not UTF-8 text")
