"""Models of clips on fal: every model names and bounds its inputs differently.

Names and bounds are those of the models' pages (https://fal.ai/models/ID/llms.txt), read in
November 2026. A model that is not known here gets the commonest names; settings can override them.
"""

from dataclasses import dataclass, field
from typing import Any

from engine.contract.video import FrameCounts, VideoField

_THREE_SHAPES, _TWO_SHAPES = ("16:9", "9:16", "1:1"), ("16:9", "9:16")


@dataclass(frozen=True, slots=True)
class Resolution:
    """A resolution that a model offers.

    Attributes:
        name: Its name in the model's input.
        side: The shorter side of a 16:9 clip in pixels.
        price: Price of a clip, as a multiple of that of the model's usual resolution.
        longest: Maximum length of a clip in seconds.
    """

    name: str
    side: int
    price: float = 1.0
    longest: float = 1e9


@dataclass(frozen=True, slots=True)
class ImageEndpoint:
    """An endpoint that starts from images.

    Attributes:
        id: Its id.
        first: The input for the first image.
        last: The input for the last image, None if it takes none.
    """

    id: str
    first: str = "image_url"
    last: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipModel:
    """Names and bounds of a model's inputs; a name is None if the model has no such input.

    Attributes:
        text: The endpoint for words alone.
        image: The endpoint for a first image.
        between: The endpoint for a first and a last image, where it is another one.
        seconds: The input for the length.
        seconds_as: How a length is written, a format of an integer; None for a number.
        lengths: The only lengths in seconds.
        frames: Legal numbers of frames, for models that are asked for frames instead.
        frame_rate: Frames per second of its clips.
        ratio: The input for the shape.
        ratio_of_image: True if endpoints of images have it too.
        shapes: The shapes that it makes.
        resolution: The input for the resolution.
        resolutions: The resolutions that it makes, ascending.
        max_guidance: Maximum of `guidance`.
        sound: The input that chooses sound.
        sound_price: Price of a clip with sound, as a multiple of that of a silent one.
        fixed: Inputs that are always sent.
    """

    text: str | None = None
    image: ImageEndpoint | None = None
    between: ImageEndpoint | None = None
    seconds: str = "duration"
    seconds_as: str | None = "{}"
    lengths: tuple[float, ...] = (5.0, 10.0)
    frames: FrameCounts | None = None
    frame_rate: float = 24.0
    ratio: str | None = "aspect_ratio"
    ratio_of_image: bool = False
    shapes: tuple[str, ...] = _TWO_SHAPES
    resolution: str | None = None
    resolutions: tuple[Resolution, ...] = (Resolution("720p", 720),)
    seed: str | None = None
    negative: str | None = None
    steps: str | None = None
    guidance: str | None = None
    max_guidance: float | None = None
    sound: str | None = None
    sound_price: float = 1.0
    fixed: dict[str, Any] = field(default_factory=dict)

    @property
    def takes(self) -> frozenset[VideoField]:
        """Optional fields of a request that the model uses."""
        last = self.between or (self.image and self.image.last)
        names: dict[VideoField, object] = {
            "prompt": True,
            "first_image": self.image,
            "last_image": last,
            "seed": self.seed,
            "negative_prompt": self.negative,
            "steps": self.steps,
            "guidance": self.guidance,
            "sound": self.sound,
        }
        return frozenset(name for name, input_ in names.items() if input_)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Ids of its endpoints."""
        images = [one.id for one in (self.image, self.between) if one is not None]
        return (*([self.text] if self.text else []), *images)

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Width and height of its clips, in pixels."""
        return tuple(_size(shape, one.side) for one in self.resolutions for shape in self.shapes)


def _size(shape: str, side: int) -> tuple[int, int]:
    wide, high = map(int, shape.split(":"))
    long = 2 * round(side * max(wide, high) / min(wide, high) / 2)
    return (long, side) if wide >= high else (side, long)


def _kling(path: str, side: int, *, text: bool = False, last: bool = False) -> ClipModel:
    base = f"fal-ai/kling-video/{path}"
    return ClipModel(
        text=f"{base}/text-to-video" if text else None,
        image=ImageEndpoint(f"{base}/image-to-video", last="tail_image_url" if last else None),
        shapes=_THREE_SHAPES,
        resolutions=(Resolution("", side),),
        negative="negative_prompt",
        guidance="cfg_scale",
        max_guidance=1.0,
    )


def _veo(base: str, sound_price: float) -> ClipModel:
    return ClipModel(
        text=base,
        image=ImageEndpoint(f"{base}/image-to-video"),
        between=ImageEndpoint(
            f"{base}/first-last-frame-to-video", "first_frame_url", "last_frame_url"
        ),
        seconds_as="{}s",
        lengths=(4.0, 6.0, 8.0),
        ratio_of_image=True,
        resolution="resolution",
        resolutions=(Resolution("720p", 720), Resolution("1080p", 1080)),
        seed="seed",
        negative="negative_prompt",
        sound="generate_audio",
        sound_price=sound_price,
    )


def _ltx(version: str, variant: str, *, shapes: tuple[str, ...], longest: float) -> ClipModel:
    return ClipModel(
        text=f"fal-ai/{version}/text-to-video{variant}",
        image=ImageEndpoint(f"fal-ai/{version}/image-to-video{variant}"),
        seconds_as=None,
        lengths=tuple(float(seconds) for seconds in range(6, int(longest) + 1, 2)),
        frame_rate=25.0,
        shapes=shapes,
        resolution="resolution",
        resolutions=(
            Resolution("1080p", 1080),
            Resolution("1440p", 1440, 2.0, longest=10.0),
            Resolution("2160p", 2160, 4.0, longest=10.0),
        ),
        sound="generate_audio",
        fixed={"fps": 25},
    )


def _hailuo(version: str, *, text: bool, last: bool, small: bool) -> ClipModel:
    base = f"fal-ai/minimax/{version}/standard"
    return ClipModel(
        text=f"{base}/text-to-video" if text else None,
        image=ImageEndpoint(f"{base}/image-to-video", last="end_image_url" if last else None),
        lengths=(6.0, 10.0),
        ratio=None,
        resolution="resolution" if small else None,
        resolutions=(
            *([Resolution("512P", 512, 0.38)] if small else []),
            Resolution("768P", 768),
        ),
    )


_WAN = ClipModel(
    image=ImageEndpoint("fal-ai/wan/v2.2-a14b/image-to-video"),
    seconds="num_frames",
    lengths=(),
    frames=FrameCounts(step=4, offset=1, least=17, most=161),
    frame_rate=16.0,
    ratio_of_image=True,
    shapes=_THREE_SHAPES,
    resolution="resolution",
    resolutions=(
        Resolution("480p", 480, 0.5),
        Resolution("580p", 580, 0.75),
        Resolution("720p", 720),
    ),
    seed="seed",
    negative="negative_prompt",
    steps="num_inference_steps",
    guidance="guidance_scale",
    fixed={"frames_per_second": 16},
)

_MODELS = (
    _kling("v2.5-turbo/pro", 1080, text=True, last=True),
    _kling("v2.5-turbo/standard", 720),
    _kling("v2.1/master", 1080, text=True),
    _kling("v2.1/pro", 1080, last=True),
    _kling("v2.1/standard", 720),
    _veo("fal-ai/veo3.1", 2.0),
    _veo("fal-ai/veo3.1/fast", 1.5),
    _ltx("ltx-2", "", shapes=("16:9",), longest=10),
    _ltx("ltx-2", "/fast", shapes=("16:9",), longest=20),
    _ltx("ltx-2.3", "", shapes=_TWO_SHAPES, longest=10),
    _ltx("ltx-2.3", "/fast", shapes=_TWO_SHAPES, longest=20),
    _WAN,
    _hailuo("hailuo-02", text=False, last=True, small=True),
    _hailuo("hailuo-2.3", text=True, last=False, small=False),
    _hailuo("hailuo-2.3-fast", text=False, last=False, small=False),
)
_KNOWN = {id_: model for model in _MODELS for id_ in model.endpoints}


def clip_model(id_: str, lengths: tuple[float, ...]) -> ClipModel:
    """Return the names and bounds of a model's inputs, the commonest for an unknown model.

    Args:
        id_: The model's id.
        lengths: Lengths in seconds of a model that is not known; empty for the commonest.
    """
    if known := _KNOWN.get(id_):
        return known
    return ClipModel(
        text=id_,
        image=ImageEndpoint(id_),
        lengths=tuple(sorted(set(lengths))) or (5.0, 10.0),
        ratio_of_image=True,
        shapes=_THREE_SHAPES,
        seed="seed",
        negative="negative_prompt",
    )
