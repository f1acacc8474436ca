"""The three calls under `/api`: a storyboard from a prompt, from an image too, and its state.

Names, states and forms are those of the requests that such a service is known by; everything else
about a generation is at `/v1/jobs/{job}`, whose id is the generation's.
"""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from starlette.responses import Response

from db.queries.jobs import jobs_page
from db.rows import BatchRow, JobRow
from engine.api.documents import artifact_link
from engine.api.endpoint import Body, Call, faults_of
from engine.api.ids import job_of, missing
from engine.api.intake.batches import queue_body
from engine.api.intake.bodies import BatchBody
from engine.api.intake.multipart import TRUTHS, Form, form_of
from engine.api.problems import Problem
from engine.api.reading import conditional
from engine.api.serving.receipts import HEADER, Receipt, checked_key, fingerprint_of
from engine.api.waiting import remedy_of
from engine.client.ids import job_name
from engine.client.uploads import keep_upload, media_type_of
from engine.contract.fields import is_visible

RECIPE = "storyboard"
RETRY_SECONDS = 2
DEFAULTS: Mapping[str, Any] = {
    "quality_threshold": 30.0,
    "num_variations": 4,
    "max_enhancement_iterations": 4,
}
"""Settings that these calls are known by, whatever the recipe's presets are."""

IMAGES = frozenset({"image/png", "image/jpeg", "image/webp"})

_STATES = {
    "queued": "pending",
    "paused": "pending",
    "parked": "pending",
    "running": "processing",
    "done": "completed",
    "failed": "failed",
    "cancelled": "failed",
}

Report: TypeAlias = Any
"""The report of a storyboard; the recipe is found by its entry point, and its type is its own."""


def _shown(text: str) -> str:
    if not is_visible(text):
        raise ValueError("has no visible character")
    return text


class GenerationBody(Body):
    """A film to make a storyboard of."""

    prompt: Annotated[str, AfterValidator(_shown)] = Field(
        min_length=1, max_length=20_000, description="What the film is about."
    )
    target_duration: float | None = Field(
        None, gt=0, le=21_600, description="Its length in seconds."
    )
    num_variations: int | None = Field(None, ge=1, le=16, description="Images of each scene.")
    use_advanced_image_generation: bool = Field(
        True, description="False for one image of each scene, without rounds of its prompt."
    )
    advanced_image_num_variations: int | None = Field(
        None, ge=1, le=16, description="The same as num_variations."
    )
    advanced_image_max_enhancement_iterations: int | None = Field(
        None, ge=0, le=10, description="Rounds of writing a scene's prompt at most."
    )
    advanced_image_quality_threshold: float | None = Field(
        None, ge=0, le=100, description="Quality score that a scene's best image should have."
    )

    def settings(self, configured: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings of the recipe.

        Args:
            configured: Those of the workspace, which win over the defaults of these calls.
        """
        is_plain = self.use_advanced_image_generation and configured.keys().isdisjoint(DEFAULTS)
        values = {
            **(DEFAULTS if is_plain and "preset" not in configured else {}),
            "preset": None if self.use_advanced_image_generation else "simple",
            **_set("num_variations", self.advanced_image_num_variations or self.num_variations),
            **_set("max_enhancement_iterations", self.advanced_image_max_enhancement_iterations),
            **_set("quality_threshold", self.advanced_image_quality_threshold),
        }
        return {name: value for name, value in values.items() if value is not None}

    def batch(self, configured: Mapping[str, Any], image: str | None = None) -> BatchBody:
        """Return the batch of one job.

        Args:
            configured: Settings of the recipe in the workspace.
            image: The image of scene 1, as `sha256:HASH`.
        """
        entry: dict[str, Any] = {"prompt": self.prompt}
        if self.target_duration is not None:
            entry["target_duration"] = self.target_duration
        if image is not None:
            entry["reference_image"] = image
        settings = self.settings(configured)
        return BatchBody(recipe=RECIPE, entries=[entry], settings=settings, name="generation")


def _set(name: str, value: Any) -> dict[str, Any]:
    return {} if value is None else {name: value}


def generate(call: Call) -> Response:
    """Queue a storyboard."""
    body: GenerationBody = call.body
    return queue_body(call, body.batch(_configured(call)), _accepted)


def _configured(call: Call) -> Mapping[str, Any]:
    return call.services.workspace.settings.recipes.get(RECIPE, {})


def _accepted(
    connection: sqlite3.Connection, batch: BatchRow
) -> tuple[int, dict[str, Any], dict[str, str]]:
    name = job_name(jobs_page(connection, batch.id, limit=1)[0].id)
    address = f"/api/status/{name}"
    document = {
        "generation_id": name,
        "status": "pending",
        "progress": 0,
        "status_url": address,
        "links": {"self": address, "job": f"/v1/jobs/{name}"},
    }
    return 202, document, {"Location": address, "Retry-After": str(RETRY_SECONDS)}


async def generate_with_image(call: Call) -> Response:
    """Queue a storyboard whose first scene is the caller's image."""
    from engine.api.routing import in_thread

    async with form_of(call) as form:
        image = form.files.get("image")
        body = _of_form(form)
        if image is None:
            raise _no_image("The form has no file `image`.", 422)
        if key := checked_key(call.request.headers.get(HEADER)):
            call.receipt = Receipt(call.caller.id, key, _fingerprint(call, form, image))

        def queue(call: Call) -> Response:
            named = body.batch(_configured(call), _kept(call, image))
            return queue_body(call, named, _accepted)

        return await in_thread(call, queue)


def _of_form(form: Form) -> GenerationBody:
    """Return the body of a form.

    Raises:
        Problem: 422 `invalid`.
    """
    unknown = [name for name in form.files if name != "image"]
    if unknown:
        raise Problem(422, "invalid", f"The form has an unknown file {unknown[0][:60]!r}.")
    advanced = "use_advanced_image_generation"
    if form.fields.get(advanced, TRUTHS[0]) not in TRUTHS:
        raise Problem(422, "invalid", f"The field {advanced} is true or false.")
    try:
        return TypeAdapter(GenerationBody).validate_strings(form.fields)
    except ValidationError as error:
        raise Problem(
            422, "invalid", "The form has mistakes; nothing was queued.", errors=faults_of(error)
        ) from None


def _fingerprint(call: Call, form: Form, image: Path) -> str:
    with image.open("rb") as stream:
        hash_ = hashlib.file_digest(stream, "sha256").hexdigest()
    return fingerprint_of("POST", call.request.url.path, "", [form.fields, hash_])


def _kept(call: Call, image: Path) -> str:
    """Store an image and return its name.

    Raises:
        Problem: 415 `wrong-type`: its bytes are not an image that can be used.
    """
    if media_type_of(image) not in IMAGES:
        raise _no_image("The file is not a PNG, JPEG or WebP image.", 415)
    return f"sha256:{keep_upload(call.services.workspace, image, call.caller.id)[0].hash}"


def _no_image(detail: str, status: int) -> Problem:
    code = "wrong-type" if status == 415 else "invalid"
    return Problem(status, code, detail, remedy="Send a PNG, JPEG or WebP file as `image`.")


def status(call: Call) -> Response:
    """Answer how far a storyboard is, with the images that it has."""
    from engine.client.documents.jobs import trouble_of

    services = call.services
    with services.readers.reading() as connection:
        batch, job = job_of(connection, call.path("generation_id"))
        if batch.recipe != RECIPE:
            raise missing(call.path("generation_id"))
        recipe = services.workspace.catalog.recipe(RECIPE)
        report = recipe.outputs.report(connection, batch, job) if recipe.outputs.report else None
        error = trouble_of(connection, job)
    ended = job.state in {"done", "failed", "cancelled"}
    headers = {} if ended else {"Retry-After": str(RETRY_SECONDS)}
    base = str(call.request.base_url).rstrip("/")
    return conditional(call.request, _document(batch, job, report, error, base), headers)


def _document(
    batch: BatchRow, job: JobRow, report: Report, error: str | None, base: str
) -> dict[str, Any]:
    settings = _settings(batch)
    used = (settings["num_variations"] or 1) > 1 or bool(settings["max_enhancement_iterations"])
    name = job_name(job.id)
    return {
        "generation_id": name,
        "status": _STATES.get(job.state, "processing"),
        "progress": _progress(job, report, settings),
        "advanced_image_generation_used": used,
        "storyboard_plan": {
            "advanced_image_generation_used": used,
            "advanced_image_settings": settings,
            "scenes": [_scene(scene, base) for scene in report.scenes] if report else [],
        },
        "error": error,
        "waits_for": job.reason if job.state == "parked" else None,
        "remedy": remedy_of(job),
        "links": {"self": f"/api/status/{name}", "job": f"/v1/jobs/{name}"},
    }


def _settings(batch: BatchRow) -> dict[str, Any]:
    values = json.loads(batch.settings)
    names = ("quality_threshold", "num_variations", "max_enhancement_iterations")
    return {name: values.get(name) for name in names}


def _scene(scene: Any, base: str) -> dict[str, Any]:
    image = scene.image
    return {
        "scene_number": scene.number,
        "prompt": scene.prompt,
        "reference_image_url": f"{base}{artifact_link(image.hash)}" if image else None,
        "quality_score": scene.quality,
    }


def _progress(job: JobRow, report: Report, settings: dict[str, Any]) -> int:
    """Return how far a storyboard is, 0 to 100: prompt, images and choice of each scene."""
    if job.state == "done":
        return 100
    scenes = report.scenes if report else ()
    if not scenes:
        return 0
    wanted = max(1, settings["num_variations"] or 1)
    parts = 0.0
    for scene in scenes:
        images = sum(one.image is not None or bool(one.failure) for one in scene.variations)
        parts += 1.0 if scene.image else 0.2 * bool(scene.wording) + 0.7 * min(1, images / wanted)
    return min(99, int(100 * parts / len(scenes)))
