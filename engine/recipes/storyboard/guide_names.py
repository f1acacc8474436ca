"""Names of an entry's fields and words of a state in the guide to advanced image generation.

Files that were written for that guide are taken as they are, and what waits for its words in a
document finds them.
"""

from collections.abc import Mapping
from typing import Any

FIELDS = {
    "use_advanced_image_generation": "advanced",
    "advanced_image_num_variations": "num_variations",
    "advanced_image_max_enhancement_iterations": "max_enhancement_iterations",
    "advanced_image_quality_threshold": "quality_threshold",
    "image": "reference_image",
}
"""Our names of fields by those of the guide."""

BRAND_NAME = "brand_name"
"""The guide's name of `brand.name`."""

_STATES = {"queued": "pending", "done": "completed", "failed": "failed", "cancelled": "failed"}


REFERENCES = "references"
"""Images by the names of subjects, in place of `references` of each subject."""


def status_of(state: str) -> str:
    """Return the guide's word of a job's state: pending, processing, completed or failed."""
    return _STATES.get(state, "processing")


def adopted(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an entry with our names in place of the guide's.

    A field that is there by both names keeps both, so that it is refused by the name that is
    left over.
    """
    named = _with_references({_name(name, entry): value for name, value in entry.items()})
    brand = named.get("brand")
    if entry.get(BRAND_NAME) is None or not isinstance(brand, dict | None):
        return named
    if brand and brand.get("name") is not None:
        return named
    named["brand"] = {**(brand or {}), "name": named.pop(BRAND_NAME)}
    return named


def _with_references(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry whose subjects have the images that it lists by their names."""
    images, subjects = entry.get(REFERENCES), entry.get("subjects") or []
    if not isinstance(images, dict) or not isinstance(subjects, list):
        return entry
    names = [one.get("name") if isinstance(one, dict) else None for one in subjects]
    added = [{"name": name} for name in images if name not in names]
    return {
        **{name: value for name, value in entry.items() if name != REFERENCES},
        "subjects": [_with_images(one, images) for one in (*subjects, *added)],
    }


def _with_images(subject: Any, images: Mapping[str, Any]) -> Any:
    """Return a subject with its images, unless it has some of its own."""
    if not isinstance(subject, dict) or subject.get(REFERENCES) is not None:
        return subject
    name = subject.get("name")
    named = images.get(name) if isinstance(name, str) else None
    return subject if named is None else {**subject, REFERENCES: named}


def _name(name: str, entry: Mapping[str, Any]) -> str:
    ours = FIELDS.get(name, name)
    return name if ours != name and entry.get(ours) is not None else ours
