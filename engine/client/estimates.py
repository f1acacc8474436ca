"""Estimates of what a batch would take."""

from engine.money.estimate import Estimate

__all__ = ["Estimate"]
