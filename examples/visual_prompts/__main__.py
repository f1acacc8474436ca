"""Five examples of the recipe visual-prompts, run by number.

python examples/visual_prompts NUMBER DATASET [WORKSPACE]

1 all samples, 2 the first ten, 3 ten with mel spectrograms, 4 the export read again, 5 images of
the prompts. DATASET is a .npy data set, or a folder or file of sounds. 4 and 5 read the export of
one of the others.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from safelight import creativity, open_workspace


def all_samples(dataset: str, folder: str, **settings: Any) -> None:
    """Write prompts for every sample, and print how creative they are."""
    with open_workspace(folder) as workspace:
        batch = workspace.run("visual-prompts", dataset, settings=settings)
        for fact in workspace.summary(batch):
            print(f"{fact.name}: {fact.text}")
        for report in workspace.results(batch):
            print(report.key, report.features.get("mood", report.error), report.creativity)


def first_ten(dataset: str, folder: str, **settings: Any) -> None:
    """Write prompts for ten samples, as a first look."""
    with open_workspace(folder) as workspace:
        flags = {"samples": 10, "start_idx": 0}
        batch = workspace.run("visual-prompts", dataset, flags=flags, settings=settings)
        for report in workspace.results(batch):
            for prompt in report.prompts:
                print(f"{report.index} {prompt.mode} (T={prompt.temperature}): {prompt.text[:60]}")


def with_mel_spectrograms(dataset: str, folder: str, **settings: Any) -> None:
    """Write prompts and a mel spectrogram for ten samples."""
    with open_workspace(folder) as workspace:
        flags = {"samples": 10, "mel_spectrogram": True}
        batch = workspace.run("visual-prompts", dataset, flags=flags, settings=settings)
        for report in workspace.results(batch):
            if report.files.mel is not None:
                print(_export(folder) / report.output / "mel.png")


def read_again(dataset: str, folder: str, **_settings: Any) -> None:
    """Load the export, and compare convergent with divergent prompts."""
    samples = json.loads((_export(folder) / "visual_prompts_complete.json").read_text())["samples"]
    features = [sample["musical_features"] for sample in samples if sample["prompts"]]
    tempi = [one["tempo"] for one in features]
    print(f"{dataset}: {min(tempi):.1f} to {max(tempi):.1f} beats per minute")
    print(Counter(one["mood"] for one in features).most_common())
    for sample in samples:
        texts = [prompt["visual_prompt"] for prompt in sample["prompts"]]
        for number, prompt in enumerate(sample["prompts"]):
            others = texts[:number] + texts[number + 1 :]
            measured = creativity(texts[number], sample["musical_features"], others=others)
            print(sample["sample_idx"], prompt["mode"], measured.originality, measured.overall)


def images(_dataset: str, folder: str, **settings: Any) -> None:
    """Generate an image for each prompt of the export, with the recipe refine."""
    prompts = _export(folder) / "prompts_for_image_generation.json"
    with open_workspace(folder) as workspace:
        batch = workspace.run("refine", prompts, settings={"max_iterations": 1, **settings})
        for report in workspace.results(batch):
            print(report.key, report.best_iteration and report.best_iteration.score)


def _export(folder: str) -> Path:
    return Path(folder) / "outputs" / "generated_prompts"


EXAMPLES = {
    "1": all_samples,
    "2": first_ten,
    "3": with_mel_spectrograms,
    "4": read_again,
    "5": images,
}


def main(arguments: list[str]) -> None:
    """Run one example."""
    number, dataset, *rest = arguments if len(arguments) > 1 else ("", "")
    if number not in EXAMPLES:
        raise SystemExit(__doc__)
    EXAMPLES[number](dataset, rest[0] if rest else "demo-music")


if __name__ == "__main__":
    main(sys.argv[1:])
