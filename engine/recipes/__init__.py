"""Recipes: ordinary async functions that read like the loop they are."""
