"""`safelight gallery` from the command line: links for browsers, and where they lead."""

import pytest

from db.queries.callers import tokens
from engine.client.workspace import Workspace


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ((), "http://127.0.0.1:8000"),
        (("--port", "9000"), "http://127.0.0.1:9000"),
        (("--host", "0.0.0.0"), "http://127.0.0.1:8000"),
        (("--name", "gpu-box.lan", "--tls-cert", "c.pem", "--tls-key", "k.pem"),
         "https://gpu-box.lan:8000"),
        (("--name", "studio.example", "--behind-proxy", "127.0.0.1"), "https://studio.example"),
    ],
)  # fmt: skip
def test_a_link_into_a_gallery_that_is_open(run, tmp_path, options, address):
    workspace = Workspace(tmp_path / "w", create=True)
    ran = run("gallery", "--link", "-w", workspace.paths.root, *options)
    assert ran.code == 0, ran.err
    link, _, code = ran.out.strip().partition("/login?code=")
    assert link == address
    assert len(code) > 40
    assert "once, within 30 minutes" in ran.err
    with workspace.reading() as connection:
        [row] = tokens(connection)
    assert (row.kind, row.scopes) == ("link", "admin")
    assert code not in row.hash


def test_without_a_workspace_there_is_no_link(run, tmp_path):
    ran = run("gallery", "--link", "-w", tmp_path / "nowhere")
    assert ran.code == 2
    assert not (tmp_path / "nowhere").exists()


def test_it_does_not_listen_to_other_machines_without_tls(run, tmp_path):
    ran = run("gallery", "-w", tmp_path / "w", "--host", "0.0.0.0", "--port", "0")
    assert ran.code == 2
    assert "in the clear" in ran.err
