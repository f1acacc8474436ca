"""Queueing a batch: file, recipe and settings in one form, each mistake shown at its field."""

from tui.screens.new_batch.screen import NewBatchScreen

__all__ = ["NewBatchScreen"]
