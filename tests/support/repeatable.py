"""Examples of Hypothesis that depend on their test and on nothing else."""

from hypothesis.internal.conjecture import providers


def ignore_loaded_modules() -> None:
    """Make derandomised examples independent of the modules that are loaded.

    Hypothesis mixes constants from the sources of all loaded local modules into its examples, so
    a worker that has run other tests before draws other examples.
    """
    if hasattr(providers, "is_local_module_file"):
        providers.is_local_module_file = lambda _path: False
