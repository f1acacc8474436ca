"""Capability `vision`: agents that look at images."""

from engine.contract.capability import Capability
from engine.contract.text import ChatBackend, ChatProxy


class VisionProxy(ChatProxy):
    """The vision capability as a recipe sees it."""

    capability = "vision"


VISION = Capability("vision", "Looking at images by a language model.", ChatBackend, VisionProxy)
"""The capability `vision`."""
