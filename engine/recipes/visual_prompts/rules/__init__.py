"""Offline writer of visual prompts: music mapped to an image, and a grammar that describes it."""
