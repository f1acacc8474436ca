"""Contents of the files of an export, as plain data.

The records of samples in `visual_prompts_complete.json` are the source of the two other files, so
that samples of earlier exports, which only their file has, are in all three.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from engine.recipes.common.documents import VERSION
from engine.recipes.visual_prompts.report import ExportHead, PromptReport, SampleReport
from engine.text.words import words

COMPLETE = "visual_prompts_complete.json"
FOR_IMAGES = "prompts_for_image_generation.json"
SUMMARY = "generation_summary.json"

Record = dict[str, Any]
"""A sample in `visual_prompts_complete.json`."""


def checkpoint_name(ended: int) -> str:
    """Return the name of the export after a number of samples."""
    return f"prompts_checkpoint_{ended:03d}.json"


def sample_record(sample: SampleReport) -> Record:
    """Return the record of a sample; one that failed has its error, and what it had until then."""
    return {
        "sample_idx": sample.index,
        **({"error": sample.error} if sample.error else {}),
        **({"metadata": sample.metadata} if sample.metadata or not sample.error else {}),
        **(_music(sample) if sample.features or not sample.error else {}),
        "prompts": [_prompt(one) | _image(sample, one.number) for one in sample.prompts],
        **({} if sample.error else {"creativity": sample.creativity}),
        **({"rating": sample.rating} if sample.rating else {}),
        "batch": sample.batch,
        "job": sample.job,
        "finished_at": sample.finished_at,
        **({"warnings": list(sample.warnings)} if sample.warnings else {}),
    }


def _music(sample: SampleReport) -> Record:
    return {"musical_features": sample.features, "abc_notation": sample.abc}


def _prompt(prompt: PromptReport) -> Record:
    return {
        "prompt_id": prompt.number,
        "mode": prompt.mode,
        "temperature": prompt.temperature,
        "visual_prompt": prompt.text,
        "sent_temperature": prompt.sent_temperature,
        "author": prompt.author,
        "words": len(words(prompt.text)),
        "mended": prompt.mended,
        "problems": list(prompt.problems),
    }


def _image(sample: SampleReport, number: int) -> Record:
    """Return what is known of the image of a prompt; nothing if none was asked for."""
    image = next((one for one in sample.images if one.number == number), None)
    if image is None:
        return {}
    if image.image is None:
        return {"image_path": None, "status": "failed", "image_error": image.error}
    return {
        "image_path": image.path,
        "status": "success",
        "scores": image.scores,
        "generation_metadata": {
            "seed": image.seed,
            "width": image.width,
            "height": image.height,
            "backend": image.backend,
            "model": image.model,
            "artifact": image.image.hash,
        },
    }


def complete_document(head: ExportHead, records: Sequence[Record]) -> Record:
    """Return the content of `visual_prompts_complete.json` and of each checkpoint."""
    return {
        "version": VERSION,
        "metadata": {
            "dataset_path": head.dataset,
            "generation_timestamp": head.timestamp,
            "total_samples": len(records),
            "prompts_per_sample": head.prompts_per_sample,
            "llm_provider": head.provider,
            "sample_rate": head.sample_rate,
            "mel_spectrogram": head.has_mel,
            "samples_with_errors": _failed(records),
            "batch": head.batch,
        },
        "samples": list(records),
    }


def image_prompts(records: Sequence[Record]) -> list[Record]:
    """Return the content of `prompts_for_image_generation.json`: one entry per prompt."""
    return [
        {
            "sample_idx": record["sample_idx"],
            **{name: prompt.get(name) for name in _PROMPT_KEYS},
            "features": _features(record),
            "abc_notation": record.get("abc_notation", ""),
            **{name: prompt[name] for name in _IMAGE_KEYS if name in prompt},
        }
        for record in records
        for prompt in record["prompts"]
    ]


_PROMPT_KEYS = ("prompt_id", "mode", "temperature", "visual_prompt")
_IMAGE_KEYS = ("image_path", "status", "image_error", "scores", "generation_metadata")


def _features(record: Record) -> Record:
    """Return the features of a sample without the long series of its measurements."""
    found = record.get("musical_features")
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if name != "measured"}


def summary_document(head: ExportHead, records: Sequence[Record]) -> Record:
    """Return the content of `generation_summary.json`; all totals are counted."""
    prompts = [prompt for record in records for prompt in record["prompts"]]
    modes = Counter(prompt.get("mode") for prompt in prompts)
    return {
        "version": VERSION,
        "total_samples": len(records),
        "total_prompts": len(prompts),
        "convergent_prompts": modes["convergent"],
        "divergent_prompts": modes["divergent"],
        "generation_timestamp": head.timestamp,
        "samples_with_errors": _failed(records),
        "mended_prompts": sum(bool(prompt.get("mended")) for prompt in prompts),
        "prompts_with_problems": sum(bool(prompt.get("problems")) for prompt in prompts),
        "tempo_range": tempo_range(records),
        "moods": _counted(records, "mood"),
        "keys": _counted(records, "key"),
        "sample_summary": [_summary_of(record) for record in records],
    }


def _summary_of(record: Record) -> Record:
    modes = dict.fromkeys(prompt.get("mode") for prompt in record["prompts"])
    found = {
        "sample_idx": record["sample_idx"],
        "features": _features(record),
        "prompt_count": len(record["prompts"]),
        "modes": list(modes),
    }
    return found | {name: record[name] for name in ("rating", "error") if record.get(name)}


def _failed(records: Sequence[Record]) -> int:
    return sum(bool(record.get("error")) for record in records)


def tempo_range(records: Sequence[Record]) -> list[float] | None:
    """Return the lowest and the highest tempo; None if no sample has one."""
    known = [float(tempo) for tempo in _values(records, "tempo") if _is_known(tempo)]
    return [min(known), max(known)] if known else None


def _is_known(tempo: Any) -> bool:
    """Return whether a tempo is known; samples without one have 0 in exports."""
    return isinstance(tempo, int | float) and math.isfinite(tempo) and tempo > 0


def _counted(records: Sequence[Record], name: str) -> dict[str, int]:
    found = Counter(one for one in _values(records, name) if isinstance(one, str))
    return dict(found.most_common())


def _values(records: Sequence[Record], name: str) -> list[Any]:
    features = [record.get("musical_features") for record in records]
    return [one.get(name) for one in features if isinstance(one, dict)]
