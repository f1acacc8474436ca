"""Diffusion pipelines; loaded in model hosts only."""
