"""Images that an input names: what is taken in, and what is refused with which sentence."""

import hashlib
import io
import json
import os
import zlib

import pytest
from PIL import Image

from engine.contract.backend import Artifact
from engine.intake import InputError, load
from engine.kinds.checked.images import check_image, read_image
from engine.recipes.refine.input import RefineInput


def encoded(file_format="PNG", size=(40, 30)):
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize(size).save(file, file_format)
    return file.getvalue()


def keep_file(path, sort):
    assert sort == "image"
    image = read_image(path)
    return Artifact(
        hash=hashlib.sha256(image.data).hexdigest(),
        media_type=image.media_type,
        size=len(image.data),
        width=image.width,
        height=image.height,
    )


def loaded(folder, *written, keep=keep_file):
    path = folder / "prompts.json"
    path.write_text(json.dumps([{"prompt": "a", "reference_image": name} for name in written]))
    return [entry.input.reference_image for entry in load(path, RefineInput, keep_file=keep)]


def refusal(folder, written):
    with pytest.raises(InputError) as caught:
        loaded(folder, written)
    [problem] = caught.value.problems
    assert problem.field == "reference_image"
    return problem.message


@pytest.mark.parametrize(
    ("file_format", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")],
)
def test_images_are_told_by_content(tmp_path, file_format, media_type):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.dat").write_bytes(encoded(file_format))
    relative, absolute = loaded(tmp_path, "sub/a.dat", str(tmp_path / "sub" / "a.dat"))
    assert relative == absolute
    assert (relative.media_type, relative.width, relative.height) == (media_type, 40, 30)
    assert read_image(tmp_path / "sub" / "a.dat").data == encoded(file_format)


def test_the_same_file_is_kept_once(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded())
    paths = []

    def counting(path, sort):
        paths.append(path)
        return keep_file(path, sort)

    assert len(loaded(tmp_path, "a.png", "a.png", "a.png", keep=counting)) == 3
    assert paths == [tmp_path / "a.png"]


def test_files_that_are_no_images_are_refused(tmp_path):
    (tmp_path / "a.png").write_text("hello")
    (tmp_path / "cut.png").write_bytes(encoded(size=(400, 300))[:-400])
    (tmp_path / "a.gif").write_bytes(encoded("GIF"))
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(51 << 20)
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path, "a.png") == "'a.png' is not a PNG, JPEG or WebP image"
    assert refusal(tmp_path, "a.gif") == "'a.gif' is not a PNG, JPEG or WebP image"
    assert "'cut.png' is a damaged image" in refusal(tmp_path, "cut.png")
    assert "has 51.0 MiB, more than the 50 MiB" in refusal(tmp_path, "huge.png")
    assert "is a named pipe, not a regular file" in refusal(tmp_path, "pipe")
    assert "'.' is a folder" in refusal(tmp_path, ".")
    assert "'no.png' does not exist; paths are relative" in refusal(tmp_path, "no.png")
    assert "is a web address" in refusal(tmp_path, "https://example.org/a.png")
    assert "holds a NUL" in refusal(tmp_path, "a\0.png")
    assert "cannot be read: File name too long" in refusal(tmp_path, "x" * 5000)
    assert "cannot be found" in refusal(tmp_path, "~nobody-of-this-name/a.png")


def test_a_handle_written_in_a_file_is_not_trusted(tmp_path):
    handle = {"hash": "../../etc/passwd", "media_type": "image/png", "size": 1}
    assert refusal(tmp_path, handle) == "must be the path of an image"


def chunk(kind, data):
    body = kind + data
    return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


def test_a_decompression_bomb_is_refused_undecoded():
    header = (9_000).to_bytes(4, "big") + (9_000).to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    with pytest.raises(ValueError, match="more than 67 million pixels"):
        check_image(data)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_damaged_bytes_are_an_image_or_a_refusal(file_format):
    data = encoded(file_format)
    for place in range(0, len(data), max(1, len(data) // 150)):
        damaged = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
        try:
            assert check_image(damaged).width > 0
        except ValueError as error:
            assert str(error).startswith(("is ", "has "))
