"""Backend `webui`: images from the HTTP API of the Stable Diffusion web UI."""

import asyncio
import base64
import binascii
import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

from pydantic import BaseModel, ConfigDict, Field

import safelight as sl

MAX_REPLY_BYTES = 200 * 2**20
"""Maximum length of a reply in bytes."""


class WebuiSettings(BaseModel):
    """Settings: `[backends.webui]` in `safelight.toml`."""

    model_config = ConfigDict(extra="forbid")

    base_url: str = Field("http://127.0.0.1:7860", description="Address of the web UI.")
    model: str = Field("default", description="Checkpoint; `default` for the one it has loaded.")
    steps: int = Field(20, ge=1, le=150, description="Sampling steps.")
    guidance: float = Field(7.0, ge=1, le=30, description="Guidance scale.")
    timeout: float = Field(600, gt=0, description="Seconds to wait for an image.")


class WebuiBackend(sl.BaseBackend):
    """Generates images; free, one at a time."""

    def __init__(self, settings: WebuiSettings) -> None:
        self.settings = settings
        self.info: sl.ImageInfo = sl.ImageInfo(
            name="webui",
            model=settings.model,
            version=f"1+steps={settings.steps}+guidance={settings.guidance:g}",
            lane=f"webui {settings.base_url}",
            limits=sl.Limits(concurrency=1),
        )

    async def generate(
        self, request: sl.ImageRequest, context: sl.CallContext
    ) -> sl.GeneratedImage:
        """Generate an image, from the reference image if there is one."""
        body = self._body(request)
        path = "txt2img"
        if request.reference is not None:
            path = "img2img"
            reference = await context.read(request.reference)
            body |= {"init_images": [base64.b64encode(reference).decode()]}
        reply = await asyncio.to_thread(self._post, f"/sdapi/v1/{path}", body)
        try:
            data = base64.b64decode(reply["images"][0], validate=True)
        except (KeyError, IndexError, TypeError, binascii.Error):
            raise sl.Permanent("The web UI's reply has no image.") from None
        image = await context.keep(data)
        if image.kind != "image":
            raise sl.Permanent("The web UI's reply is not an image.")
        return sl.GeneratedImage(image=image, seed=request.seed)

    def _body(self, request: sl.ImageRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt,
            "seed": request.seed % 2**32,  # the largest that it takes
            "width": request.width,
            "height": request.height,
            "steps": self.settings.steps,
            "cfg_scale": self.settings.guidance,
        }
        if self.settings.model != "default":
            body["override_settings"] = {"sd_model_checkpoint": self.settings.model}
        return body

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        """Return the reply to a request.

        Raises:
            StepError: There is none. Its kind says what can be done about it.
        """
        url = self.settings.base_url.rstrip("/") + path
        headers = {"Content-Type": "application/json"}
        http = HttpRequest(url, json.dumps(body).encode(), headers)  # noqa: S310 - the user's own
        try:
            with urlopen(http, timeout=self.settings.timeout) as response:  # noqa: S310
                return json.loads(response.read(MAX_REPLY_BYTES))
        except HTTPError as error:
            if error.code >= 500:
                raise sl.Retryable(f"The web UI answered {error.code}.") from None
            raise sl.Permanent(f"The web UI refused the request: {error.code}.") from None
        except (URLError, HTTPException, OSError):
            raise sl.Blocked(
                f"No web UI answers at {self.settings.base_url}.",
                reason="backend",
                remedy="Start it with --api, or set webui.base_url.",
            ) from None
        except ValueError:
            raise sl.Retryable("The web UI's reply is not JSON.") from None


FAMILY = sl.BackendFamily(
    name="webui",
    summary="Images from a Stable Diffusion web UI on this machine.",
    settings=WebuiSettings,
    factories={"image": lambda settings, _environment: WebuiBackend(settings)},
)
