"""Segments and the song as one film, without encoding the video again."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.video.cuts import frames_of
from engine.video.opened import Video, open_video
from engine.video.plan import FilmPlan
from engine.video.quality import ENCODINGS, Encoding, Quality

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SOUND_BLOCK = 1024
"""Samples that are encoded at once: one frame of AAC."""

AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Sample rates of AAC that players know."""


class JoinError(ValueError):
    """Segments that do not make up the film; the message is a sentence."""


class Song(NamedTuple):
    """The sound of a film.

    Attributes:
        samples: Floats of shape (channels, frames), full scale -1 to 1, from the film's start.
        sample_rate: Frames per second.
    """

    samples: "NDArray[np.float32]"
    sample_rate: int


def join_segments(
    segments: Sequence[Video],
    song: Song | None,
    plan: FilmPlan,
    target: Path,
    quality: Quality = "final",
) -> None:
    """Join segments packet by packet, and add the song, encoded once.

    The song is cut or padded with silence to the length of the film. The file is written under
    another name and then renamed, and is the same whenever the segments and the song are.

    Args:
        segments: Files, open files or bytes from `render_segment`, in order, all of one quality.
        song: The sound; None for a silent film.
        plan: The film.
        target: The file to write.
        quality: Name of the encoding of the segments.

    Raises:
        JoinError: The segments have other sizes, codecs, or another number of frames.
    """
    import av

    encoding = ENCODINGS[quality]
    unfinished = target.with_name(target.name + ".part")
    options = {"movflags": "+faststart"} if encoding.container in {"mp4", "mov"} else {}
    if encoding.container == "matroska":
        options = {"fflags": "+bitexact"}  # its random id of the file
    with av.open(str(unfinished), "w", format=encoding.container, options=options) as container:
        packets = _Packets(segments, plan)
        video = packets.add_stream(container)
        sound = _SoundTrack(container, song, plan, encoding) if song is not None else None
        for packet in packets:
            if sound is not None:
                sound.write_up_to(packet.dts * packet.time_base)
            packet.stream = video
            container.mux(packet)
        if sound is not None:
            sound.finish()
    unfinished.replace(target)


class _Packets:
    """The packets of all segments with the times of the film."""

    def __init__(self, segments: Sequence[Video], plan: FilmPlan) -> None:
        self._segments = segments
        self._frames = frames_of(plan)
        self._base = 1 / plan.rate
        self._template: Any = None
        self._delay = 0

    def add_stream(self, container: Any) -> Any:
        """Add the stream of the film, like that of the segments."""
        signature = None
        for number, segment in enumerate(self._segments):
            with _opened(segment) as source:
                stream = source.streams.video[0]
                identity = _signature(stream)
                if signature not in {None, identity}:
                    raise JoinError(f"segment {number} is encoded otherwise than the first")
                if signature is None:
                    video = container.add_stream_from_template(stream, opaque=True)
                    signature = identity
                self._delay = max(self._delay, _delay(stream, self._step(stream)))
        if signature is None:
            raise JoinError("there are no segments")
        video.time_base = self._base
        return video

    def __iter__(self) -> Iterator[Any]:
        """Return packets whose times count frames; decoding times are numbered over the film.

        Segments of one or two frames have no delay for reordering, so their decoding times would
        not ascend if they were only moved.
        """
        count = first = 0
        for segment in self._segments:
            with _opened(segment) as source:
                stream = source.streams.video[0]
                step = self._step(stream)
                for packet in source.demux(stream):
                    if packet.size:
                        packet.pts = first + round(packet.pts / step)
                        packet.dts = count - self._delay
                        packet.duration = 1
                        packet.time_base = self._base
                        count += 1
                        yield packet
            first = count
        if count != self._frames:
            raise JoinError(f"the segments have {count} frames and the film has {self._frames}")

    def _step(self, stream: Any) -> Fraction:
        return Fraction(self._base / stream.time_base)


def _opened(segment: Video) -> Any:
    try:
        return open_video(segment)
    except ValueError as error:
        raise JoinError(f"a segment {error}") from None


def _signature(stream: Any) -> tuple[Any, ...]:
    context = stream.codec_context
    return context.name, context.width, context.height, bytes(context.extradata or b"")


def _delay(stream: Any, step: Fraction) -> int:
    """Return by how many frames packets are ahead of their time, at most."""
    packets = [packet for packet in stream.container.demux(stream) if packet.size]
    return max((index - round(one.pts / step) for index, one in enumerate(packets)), default=0)


class _SoundTrack:
    """The song as a track of the film."""

    def __init__(self, container: Any, song: Song, plan: FilmPlan, encoding: Encoding) -> None:
        self._container = container
        self._song = song
        self._length = round(frames_of(plan) / plan.rate * song.sample_rate)
        self._place = 0
        channels = len(song.samples)
        rate = song.sample_rate
        if encoding.audio == "aac" and rate not in AAC_RATES:
            rate = 48_000
        self._layout = "mono" if channels == 1 else "stereo"
        self._stream = container.add_stream(encoding.audio, rate=rate, layout=self._layout)
        if encoding.audio_rate:
            self._stream.bit_rate = encoding.audio_rate
        self._stream.codec_context.thread_count = 1

    def write_up_to(self, seconds: Fraction) -> None:
        """Write the song up to a time, so that sound and video are close in the file."""
        wanted = min(self._length, round(seconds * self._song.sample_rate) + SOUND_BLOCK)
        while self._place < wanted:
            self._write(min(SOUND_BLOCK, self._length - self._place))

    def finish(self) -> None:
        """Write what is left."""
        self.write_up_to(Fraction(self._length))
        self._container.mux(self._stream.encode())

    def _write(self, count: int) -> None:
        import av
        import numpy as np

        block = np.zeros((2 if self._layout == "stereo" else 1, count), np.float32)
        part = self._song.samples[:2, self._place : self._place + count]
        block[:, : part.shape[1]] = np.clip(np.nan_to_num(part), -1.0, 1.0)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=self._layout)
        frame.sample_rate = self._song.sample_rate
        frame.pts = self._place
        frame.time_base = Fraction(1, self._song.sample_rate)
        self._place += count
        self._container.mux(self._stream.encode(frame))
