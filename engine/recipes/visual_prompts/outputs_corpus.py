"""Files about the creativity of an export: four documents, a report, and its plots.

They are about all samples of the export. Prompts of the batch have its measures; those of earlier
exports keep the measures that the files have, or are measured by their words if there are none.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.audio.features import Features
from engine.audio.legacy import EightKeys
from engine.contract.folder import Folder
from engine.recipes.common.documents import to_json
from engine.recipes.visual_prompts.corpus import Measures, SampleMeasures
from engine.recipes.visual_prompts.creativity.corpus_report import corpus_report
from engine.recipes.visual_prompts.creativity.documents import (
    DOCUMENTS,
    ScoredPrompt,
    ScoredSample,
)
from engine.recipes.visual_prompts.creativity.measure import (
    Sample,
    measure,
    measure_by_words,
)
from engine.recipes.visual_prompts.creativity.model import DIMENSIONS, Creativity
from engine.recipes.visual_prompts.creativity.plots import NAMES, plots
from engine.recipes.visual_prompts.documents import Record
from engine.text.errors import UserError
from engine.text.words import words

REPORT = "corpus_report.md"
"""Name of the report."""

SCORES = "creativity_prompt_scores.json"

MAX_SCORES = 256 << 20
"""Bytes of earlier scores that are read."""

NOT_MEASURED = "the prompts of the batch were not measured"

WORDS = "words (TF-IDF)"
"""Embedder of samples that are measured here."""

_OWN = (*DOCUMENTS, REPORT, *NAMES)
_OWN_NAMES = re.compile("|".join(map(re.escape, _OWN)))
_NUMBERS = (*DIMENSIONS, "overall")
_NO_PLOTS = "There are no plots: matplotlib of the extra audio is not installed."


def write_corpus(
    folder: Path,
    records: Sequence[Record],
    batch: str,
    measures: Measures,
    *,
    lacking: str = NOT_MEASURED,
) -> None:
    """Write the files about the creativity of an export beside it.

    Each file appears whole or not at all; what an earlier export wrote and this one does not is
    removed. The same records and measures give the same bytes.

    Args:
        folder: The folder of the export.
        records: Samples of the export, as `visual_prompts_complete.json` has them.
        batch: Name of the batch.
        measures: Measures of the batch's samples by their numbers.
        lacking: Reason for samples of the batch that have no measures.

    Raises:
        OSError: The folder cannot be written.
    """
    with Folder(folder) as target:
        earlier = _read_scores(target.read(SCORES, MAX_SCORES))
        samples = scored(records, batch, measures, earlier, lacking=lacking)
        errors = sum(bool(record.get("error")) for record in records)
        files = {name: to_json(document(samples)) for name, document in DOCUMENTS.items()}
        images, notes = _plots(samples)
        report = corpus_report(samples, errors=errors, images=tuple(images), notes=notes)
        files |= {REPORT: report.encode(), **images}
        for name, data in files.items():
            target.put(name, data)
        for name in target.names():
            is_old = name in _OWN and name not in files
            if is_old or target.is_abandoned(name, _OWN_NAMES):
                target.remove(name)


def _plots(samples: Sequence[ScoredSample]) -> tuple[dict[str, bytes], list[str]]:
    if not samples:
        return {}, []
    try:
        return plots(samples), []
    except ImportError:
        return {}, [_NO_PLOTS]


def scored(
    records: Sequence[Record],
    batch: str,
    measures: Measures,
    earlier: Mapping[tuple[int, int], SampleMeasures],
    *,
    lacking: str = NOT_MEASURED,
) -> list[ScoredSample]:
    """Return the samples of an export that have prompts, with their measures.

    Args:
        records: Samples of the export.
        batch: Name of the batch.
        measures: Measures of the batch's samples by their numbers.
        earlier: Measures of other samples by the numbers of sample and prompt.
        lacking: Reason for samples of the batch that have no measures.
    """
    chosen = [record for record in records if record["prompts"]]
    found: dict[int, SampleMeasures] = {}
    for record in chosen:
        index, is_own = record["sample_idx"], record.get("batch") == batch
        known = _measured(record, measures) if is_own else None
        known = known or _kept(record, earlier)
        if known is not None:
            found[index] = known
        elif is_own:
            [undefined] = measure([Sample(_texts(record))], None, lacking=lacking)
            found[index] = SampleMeasures(undefined)
    others = [record for record in chosen if record["sample_idx"] not in found]
    for record, measured in zip(others, _by_words(others), strict=True):
        found[record["sample_idx"]] = measured
    return [_sample(record, found[record["sample_idx"]]) for record in chosen]


def _by_words(records: Sequence[Record]) -> list[SampleMeasures]:
    """Return measures of samples that were exported without any."""
    samples = [Sample(_texts(record), _features(record)) for record in records]
    try:
        found, embedder = measure_by_words(samples), WORDS
    except UserError as error:
        found, embedder = measure(samples, None, lacking=str(error)), ""
    return [SampleMeasures(one, embedder) for one in found]


def _sample(record: Record, measured: SampleMeasures) -> ScoredSample:
    mood = _mapping(_mapping(_mapping(record.get("musical_features")).get("measured")).get("mood"))
    prompts = [
        ScoredPrompt(
            prompt_id=_whole(prompt.get("prompt_id"), at),
            mode=str(prompt.get("mode")),
            temperature=_number(prompt.get("temperature")),
            text=text,
            creativity=creativity,
            embedder=measured.embedder,
        )
        for at, (prompt, text, creativity) in enumerate(
            zip(record["prompts"], _texts(record), measured.prompts, strict=True)
        )
    ]
    return ScoredSample(
        sample_idx=record["sample_idx"],
        music=_eight(record),
        prompts=prompts,
        valence=_number(mood.get("valence")),
        arousal=_number(mood.get("arousal")),
    )


def _texts(record: Record) -> list[str]:
    return [str(prompt.get("visual_prompt") or "") for prompt in record["prompts"]]


def _features(record: Record) -> Features | dict[str, Any]:
    """Return the features of a record: all of them if it has them, or the eight keys."""
    try:
        return Features.model_validate(_mapping(record.get("musical_features")).get("measured"))
    except ValidationError:
        return _eight(record)


def _eight(record: Record) -> dict[str, Any]:
    found = _mapping(record.get("musical_features"))
    texts = {name: found.get(name) for name in EightKeys.__annotations__}
    kept = {name: str(one) for name, one in texts.items() if isinstance(one, str)}
    return {**kept, "tempo": _number(found.get("tempo"))} if found else {}


def _read_scores(data: bytes | None) -> dict[tuple[int, int], SampleMeasures]:
    """Return the measures of an earlier `creativity_prompt_scores.json`; those that it has."""
    try:
        rows: Any = json.loads(data or b"[]", parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        return {}
    found: dict[tuple[int, int], SampleMeasures] = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and (one := _creativity(row)) is not None:
            place = _whole(row.get("sample_idx"), -1), _whole(row.get("prompt_id"), -1)
            found[place] = SampleMeasures([one], str(row.get("embedder") or ""))
    return found


def _creativity(row: Mapping[str, Any]) -> Creativity | None:
    """Return the measures of a row; None if it has none of ours."""
    at_length = {name: row.get(f"{name}_at_length") for name in _NUMBERS}
    names = (*_NUMBERS, "words", "copied", "compared", "undefined")
    try:
        return Creativity.model_validate(
            {**{name: row[name] for name in names}, "at_length": at_length}
        )
    except (KeyError, ValidationError):
        return None


def _measured(record: Record, measures: Measures) -> SampleMeasures | None:
    """Return the batch's measures of a sample; None unless they are of as long prompts."""
    known, counts = measures.get(record["sample_idx"]), _word_counts(record)
    if known is None or [one.words for one in known.prompts] != counts:
        return None
    return known


def _kept(
    record: Record, earlier: Mapping[tuple[int, int], SampleMeasures]
) -> SampleMeasures | None:
    """Return the earlier measures of a sample; None unless they are of as long prompts."""
    index, found = record["sample_idx"], list[SampleMeasures]()
    for at, (prompt, count) in enumerate(zip(record["prompts"], _word_counts(record), strict=True)):
        known = earlier.get((index, _whole(prompt.get("prompt_id"), at)))
        if known is None or known.prompts[0].words != count:
            return None
        found.append(known)
    return SampleMeasures([one.prompts[0] for one in found], found[0].embedder)


def _word_counts(record: Record) -> list[int]:
    return [len(words(text)) for text in _texts(record)]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _whole(value: Any, default: int) -> int:
    return value if type(value) is int else default


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e12 and math.isfinite(value) else None
