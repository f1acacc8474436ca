"""Estimates of what a batch would take."""

from engine.queueing.money.estimate import Estimate

__all__ = ["Estimate"]
