"""Time stamps: asked of an authority by its address, and what is said if it gives none."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config.provenance_settings import ProvenanceSettings
from engine.provenance.errors import CannotSign
from engine.provenance.identity import load_identity
from engine.provenance.reading import read_file
from engine.provenance.trial import try_to_sign
from tests.provenance.conftest import Made
from tests.provenance.test_served_and_kept import signed_by_provider
from tests.support.local_server import LocalServer, QuickHandler
from tests.support.media_files import image

CONFIG = """
[tsa]
default_tsa = here
[here]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_chain = yes
ess_cert_id_alg = sha256
[stamping]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[req]
distinguished_name = name
[name]
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An authority that openssl answers for."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tsa")
    (folder / "ts.cnf").write_text(CONFIG)
    (folder / "serial").write_text("01\n")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ("req", "-config", "ts.cnf", "-newkey", "rsa:2048", "-nodes")
    openssl(
        *new, "-x509", "-keyout", "ca.key", "-out", "ca.crt", "-days", "30", "-subj", "/CN=CA",
        "-extensions", "authority",
    )  # fmt: skip
    openssl(*new, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Clock")
    openssl(
        "x509", "-req", "-in", "tsa.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
        "-out", "tsa.crt", "-days", "30", "-extfile", "ts.cnf", "-extensions", "stamping",
    )  # fmt: skip

    class Handler(QuickHandler):
        def do_POST(self) -> None:  # noqa: N802
            question = self.rfile.read(int(self.headers["content-length"]))
            (folder / "question").write_bytes(question)
            openssl(
                "ts", "-reply", "-config", "ts.cnf", "-queryfile", "question", "-signer",
                "tsa.crt", "-inkey", "tsa.key", "-chain", "ca.crt", "-out", "answer",
            )  # fmt: skip
            answer = (folder / "answer").read_bytes()
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    server = LocalServer(Handler)
    server.start()
    yield f"{server.url}/tsr"
    server.stop()


def test_a_signature_has_the_time_of_an_authority(
    authority: str, made: Made, tmp_path: Path
) -> None:
    data = signed_by_provider(image(), "image/png", tmp_path, tsa=authority)
    (tmp_path / "stamped.png").write_bytes(data)
    report = read_file(tmp_path / "stamped.png")
    assert report.state == "valid"
    assert report.statement is not None
    assert report.statement.signed_at.startswith("20")


def test_an_authority_that_does_not_answer_is_named(made: Made, tmp_path: Path) -> None:
    settings = ProvenanceSettings(sign="local", tsa="http://127.0.0.1:9/none")
    with pytest.raises(CannotSign, match=r"authority http://127.0.0.1:9/none gives no time stamp"):
        try_to_sign(load_identity(settings, tmp_path), settings)
