"""Document of an installed plugin."""

from dataclasses import asdict
from typing import Any

from engine.client.installed_plugins import InstalledPlugin


def plugin_document(plugin: InstalledPlugin) -> dict[str, Any]:
    """Return a plugin as plain data."""
    return {**asdict(plugin), "error": plugin.error or None}
