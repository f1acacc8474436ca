"""Stored files on our own address: shown if they cannot act, else only downloaded."""

import io

import pytest
from PIL import Image

from engine.runtime.artifacts import ArtifactStore


def _stored(workspace, data, media_type, kind):
    """Have the first step of the first job name some bytes."""
    hash_ = ArtifactStore(workspace.paths.artifacts).put(data)
    sql = """INSERT INTO artifacts (batch_id, job_id, step_id, role, hash, media_type, size, kind,
             facts, created_at) SELECT batch_id, job_id, id, 'extra', ?, ?, ?, ?, '{}', started_at
             FROM steps LIMIT 1"""
    values = (hash_, media_type, len(data), kind)
    with workspace.store.intake() as write:
        write(lambda connection: connection.execute(sql, values))
    return hash_


@pytest.mark.parametrize(
    ("data", "media_type", "kind"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "image/svg+xml",
         "image"),
        (b"<html><script>1</script></html>", "text/html", "text"),
        (b"MZ", "application/octet-stream", "file"),
    ],
)  # fmt: skip
def test_bytes_that_could_act_are_only_downloaded(workspace, browser, data, media_type, kind):
    answer = browser.client.get(f"/files/{_stored(workspace, data, media_type, kind)}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_an_image_is_shown_by_ranges_and_once(seen):
    address = seen.page("/b1").select_one("#j1 img")["src"]
    whole = seen.client.get(address)
    assert whole.headers["content-type"] == "image/png"
    part = seen.client.get(address, headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.content) == (206, whole.content[:8])
    same = seen.client.get(address, headers={"If-None-Match": whole.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


def test_a_large_image_has_the_thumbnail_that_its_kind_keeps(workspace, browser):
    out = io.BytesIO()
    Image.new("RGB", (600, 300), "teal").save(out, "PNG")
    hash_ = _stored(workspace, out.getvalue(), "image/png", "image")
    with workspace.store.intake() as write:
        write(lambda c: c.execute("UPDATE artifacts SET width = 600, height = 300 WHERE hash = ?",
                                  (hash_,)))  # fmt: skip
    answer = browser.client.get(f"/thumbnails/480/{hash_}")
    assert answer.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.content)).size == (480, 240)
    assert workspace.thumbnails.has(hash_, 480)


def test_a_file_that_no_row_names_is_not_there(workspace, browser):
    hash_ = ArtifactStore(workspace.paths.artifacts).put(b"private")
    assert browser.client.get(f"/files/{hash_}").status_code == 404


def test_a_trace_is_not_there(workspace, browser):
    hash_ = _stored(workspace, b"{}", "application/json", "trace")
    with workspace.store.intake() as write:
        write(lambda c: c.execute("UPDATE artifacts SET role = 'trace' WHERE hash = ?", (hash_,)))
    assert browser.client.get(f"/files/{hash_}").status_code == 404


@pytest.mark.parametrize(("is_image", "status"), [(True, 200), (False, 404)])
def test_the_image_that_a_running_step_has_so_far(workspace, browser, is_image, status):
    out = io.BytesIO()
    Image.new("RGB", (16, 12), "teal").save(out, "WEBP")
    preview = out.getvalue() if is_image else b"<html><script>1</script></html>"
    sql = """INSERT INTO progress (step_id, batch_id, job_id, fraction, message, at, preview)
             SELECT id, batch_id, job_id, 0.5, '', started_at, ? FROM steps WHERE job_id = 1 LIMIT 1
             RETURNING step_id"""
    with workspace.store.intake() as write:
        step = write(lambda connection: connection.execute(sql, (preview,)).fetchone()[0])
    answer = browser.client.get(f"/previews/1/{step}")
    assert answer.status_code == status
    if is_image:
        assert answer.headers["content-type"] == "image/webp"
        assert "sandbox" in answer.headers["content-security-policy"]
