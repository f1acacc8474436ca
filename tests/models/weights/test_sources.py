"""Notation of sources of weights."""

import pytest

from engine.models.weights import parse_source


@pytest.mark.parametrize(
    ("text", "repo", "revision", "file"),
    [
        ("org/name", "org/name", None, None),
        ("org/name@v1.0", "org/name", "v1.0", None),
        ("org/na.me-2:a/b+c.pth", "org/na.me-2", None, "a/b+c.pth"),
        ("org/name@main:x.safetensors", "org/name", "main", "x.safetensors"),
    ],
)
def test_models_of_the_hub(text: str, repo: str, revision: str | None, file: str | None) -> None:
    source = parse_source(f" {text} ")
    assert (source.repo, source.revision, source.file) == (repo, revision, file)
    assert source.path is None
    assert str(source) == text


@pytest.mark.parametrize("text", ["/models/sdxl", "./sdxl", "../sdxl", "~/models/a b"])
def test_paths(text: str) -> None:
    source = parse_source(text)
    assert source.repo is None
    assert str(source.path) == text.removeprefix("./")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "a/b/c",
        "org/name:../../etc/passwd",
        "org/name@a b",
        "https://host/org/name",
        "org/\x1b[31m",
        "/tmp/\x1b]0;x\x07",
        "org/..",
        "-org/name",
        "org/na--me",
        "org/name.git",
        "org-/name",
        "org/name.",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a model id"):
        parse_source(text)
