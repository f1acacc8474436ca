"""`python -m bench`: everything in its short form; `python -m bench NAME`: one in its long form.

`quality` and `dashboard_soak` take longer than all others and have to be named.
"""

import argparse
import sys
import time

from bench.figures import Figure, keep, section, table
from bench.machine import describe_machine
from bench.measures import APART, MEASURES, temporary_folder


def main() -> int:
    """Measure, print one table and store it; exit code 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *MEASURES], metavar="NAME")
    parser.add_argument("--short", action="store_true", help="the short form of what is named")
    parser.add_argument("--dry", action="store_true", help="print, and do not change results.md")
    chosen = parser.parse_args()
    names = chosen.names or [name for name in MEASURES if name not in APART]
    long = bool(chosen.names) and not chosen.short
    before, started = f"{describe_machine()}, writing to {temporary_folder()}", time.monotonic()
    figures: list[Figure] = []
    for name in names:
        print(f"--- {name}", file=sys.stderr, flush=True)
        try:
            figures += MEASURES[name](long=long)
        except RuntimeError as error:
            last = str(error).strip().splitlines()[-1]
            figures.append(Figure(name, f"could not be measured: {last}", met=False))
    print(table(figures))
    print(f"\n{time.monotonic() - started:.0f} s", file=sys.stderr)
    if not chosen.dry:
        what = names if chosen.names else ["everything"]
        keep(section("long" if long else "short", what, figures, before))
    return 1 if any(figure.met is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
