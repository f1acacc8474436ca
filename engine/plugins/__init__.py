"""Recipes and backends, found by entry point."""
