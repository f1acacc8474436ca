"""Commands that run for days: an upgrade of Safelight meanwhile ends none of them."""

import logging

from engine.config.process.pinned_code import pin_code

log = logging.getLogger(__name__)


def outlive_upgrades(what: str, restart: str) -> None:
    """Keep the code of this process as it is, and log once that another version is installed.

    Args:
        what: What runs, such as `engine`.
        restart: What to do to use the new version.
    """
    sentence = f"Safelight was upgraded while this {what} ran and runs unchanged. {restart}"
    pin_code(lambda: log.warning("%s", sentence))
