"""Names of files are safe for programs, shells and desktops."""

from engine.text.file_names import safe_name


def test_a_name_is_neither_hidden_nor_an_option_nor_a_path() -> None:
    assert safe_name("-rf", "/etc/passwd", suffix=".wav") == "rf-etc-passwd.wav"
    assert safe_name("...", "ночь", suffix=".png") == "file.png"
    assert len(safe_name("x" * 500, suffix=".mp4")) == 84
