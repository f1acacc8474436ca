"""A backend of clips whose frames have one colour, and legal lengths of its own."""

import io

from engine.contract import BaseBackend, Blocked, CallContext, Permanent
from engine.contract.video import FrameCounts, GeneratedVideo, VideoField, VideoInfo, VideoRequest


def clip(seconds: float, size: tuple[int, int], colour: tuple[int, int, int]) -> bytes:
    """Return a clip of 8 frames per second, as MP4."""
    import av
    import numpy as np

    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=8)
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        pixels = np.full((size[1], size[0], 3), colour, np.uint8)
        for _ in range(round(seconds * 8)):
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(video.encode())
    return stream.getvalue()


class Clips(BaseBackend):
    """Generates clips of 8n + 1 frames; refuses prompts with a word."""

    def __init__(
        self, refused: str = "", *, blocked: bool = False, takes: tuple[VideoField, ...] = ()
    ) -> None:
        self.info: VideoInfo = VideoInfo(
            name="fake",
            model="fake-1",
            version="1",
            lane="clips",
            frame_rates=(8.0,),
            frames=FrameCounts(step=8, offset=1, least=9, most=17),
            sizes=((128, 72),),
            takes=frozenset({"prompt", "seed", "first_image", *takes}),
        )
        self.refused, self.blocked = refused, blocked
        self.asked: list[VideoRequest] = []

    async def generate_video(self, request: VideoRequest, context: CallContext) -> GeneratedVideo:
        self.asked.append(request)
        if self.blocked:
            raise Blocked("There is no quota left.", reason="quota", remedy="Wait.")
        if self.refused and self.refused in request.prompt:
            raise Permanent("Not such words.")
        data = clip(request.seconds, (request.width, request.height), (20, 200, 40))
        return GeneratedVideo(video=await context.keep(data, kind="video"), seed=request.seed)
