"""The doctor's check of signed files: the certificate, its key, and a file that is signed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from engine.client.doctor.finding import Finding
from engine.client.workspace import Workspace
from engine.contract import Blocked

NAME = "provenance"
SOON = timedelta(days=30)


def check_signing(workspace: Workspace) -> Iterator[Finding]:
    """Check that files can be signed, if they are to be, by signing one in memory."""
    signing = workspace.signing
    if not signing.is_on:
        yield Finding(NAME, True, "files are not signed (provenance.sign is off)")
        return
    from engine.provenance.trial import try_to_sign

    try:
        identity = signing.identity()
        try_to_sign(identity, signing.settings)
    except Blocked as error:
        yield Finding(NAME, False, error.message, error.remedy)
        return
    until = f"valid until {identity.expires:%Y-%m-%d}"
    if identity.expires - datetime.now(UTC) < SOON:
        remedy = "Have it renewed; or move its folder away and run: safelight provenance init."
        yield Finding(NAME, False, f"the certificate of {identity.name} is {until}", remedy)
        return
    yield Finding(NAME, True, f"files are signed by {identity.name}, {until}")
