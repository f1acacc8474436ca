"""Lanes: one rate-limited queue per provider account."""
