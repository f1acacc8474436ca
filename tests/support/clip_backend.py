"""A backend of clips whose frames have one colour, and legal lengths of its own."""

from engine.contract import BaseBackend, Blocked, CallContext, Permanent
from engine.contract.video import FrameCounts, GeneratedVideo, VideoField, VideoInfo, VideoRequest
from tests.support.clips import clip


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
