"""`python -m bench.word_overlap EXPORT`: words that prompts of an export share, with effect sizes.

EXPORT is `visual_prompts_complete.json`, of ours or of the same format, or its folder. Pairs are of
convergent prompts of one sample, of divergent ones of one sample, and of any of different samples.
The 95 % intervals of the effects are of random halves of the samples, since pairs of one sample are
no independent observations; a half drawn without replacement varies as much as the whole does.
"""

import argparse
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.contract.folder import ExportError
from engine.recipes.visual_prompts.creativity.corpus_report import overlap_tables
from engine.recipes.visual_prompts.creativity.likeness import word_overlap
from engine.recipes.visual_prompts.documents import COMPLETE, Record
from engine.recipes.visual_prompts.merge import read_export
from engine.text.markdown import table

ROUNDS = 200
"""Halves that are drawn."""

LEAST = 8
"""Samples under which there are no intervals."""


def overlap(records: Sequence[Record]) -> dict[str, Any]:
    """The overlap of words of samples, as `creativity_comparison_report.json` has it."""
    rows = [(at, prompt) for at, record in enumerate(records) for prompt in record["prompts"]]
    return word_overlap(
        [str(prompt.get("visual_prompt") or "") for _, prompt in rows],
        [at for at, _ in rows],
        [str(prompt.get("mode")) for _, prompt in rows],
    )


def intervals(records: Sequence[Record], rounds: int = ROUNDS) -> dict[str, tuple[float, float]]:
    """The 95 % intervals of Hedges's g of each effect; none of few samples."""
    rng, found = random.Random(1), dict[str, list[float]]()
    for _ in range(rounds if len(records) >= LEAST else 0):
        chosen = rng.sample(records, len(records) // 2)
        for name, effect in overlap(chosen)["effects"].items():
            if effect["hedges_g"] is not None:
                found.setdefault(name, []).append(effect["hedges_g"])
    return {name: _middle(sorted(values)) for name, values in found.items()}


def _middle(ordered: Sequence[float]) -> tuple[float, float]:
    edge = round(0.025 * (len(ordered) - 1))
    return ordered[edge], ordered[-1 - edge]


def main(arguments: Sequence[str], say: Callable[[str], None] = print) -> int:
    """Print the tables; exit code 1 unless convergent > divergent > across samples."""
    parser = argparse.ArgumentParser(prog="python -m bench.word_overlap", description=__doc__)
    parser.add_argument("export", type=Path)
    path: Path = parser.parse_args(arguments).export
    path = path / COMPLETE if path.is_dir() else path
    try:
        records = read_export(path.read_bytes(), str(path)).records
    except (OSError, ExportError) as error:
        say(f"{error}")
        return 2
    records = [record for record in records if record["prompts"]]
    if len(records) < 2:
        say(f"{path} has prompts of fewer than two samples.")
        return 2
    found = overlap(records)
    for line in overlap_tables(found):
        say(line)
    rows = (
        (name, f"{low:+.2f} to {high:+.2f}") for name, (low, high) in intervals(records).items()
    )
    for line in table(("Hedges's g", "95 % interval over samples"), rows):
        say(line)
    return 0 if found["ordered"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
