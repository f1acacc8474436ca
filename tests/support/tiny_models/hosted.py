"""The scorers' loader for a host's own process, where torchvision may have to be mended first."""

from typing import Any

from engine.contract import LoadContext
from tests.support.tiny_models import prepare

LOADER = "tests.support.tiny_models.hosted:load"


def load(options: str, place: LoadContext) -> Any:
    """Loads scorers by the program's own loader."""
    prepare()
    from engine.models.scorers import hosted

    return hosted.load(options, place)
