"""Queueing a batch: file, recipe and settings in one form, every mistake said in its place."""

from tui.screens.new_batch.screen import NewBatchScreen

__all__ = ["NewBatchScreen"]
