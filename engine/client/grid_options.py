"""Grids as they are asked for: their options and the limits of their cells."""

from engine.intake.grid.cells import MAX_CELLS, MOST_CELLS, Grid

__all__ = ["MAX_CELLS", "MOST_CELLS", "Grid"]
