"""Compilation of kernels by numba, kept in its cache if there is a folder to write to."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile a function over arrays when it is first called, for one thread and without the GIL.

    The machine code is kept beside the module, in the user's cache folder, or in
    `NUMBA_CACHE_DIR`; if none of them can be written to, each process compiles it again.
    """
    try:
        return cast("F", numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # numba finds no folder for its cache
        return cast("F", numba.njit(nogil=True)(function))
