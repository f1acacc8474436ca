"""Small films for tests."""

from engine.video.plan import Effects, FilmPlan, Shot, Signals


def small_film(*shots: Shot, **fields) -> FilmPlan:
    """Return a film of 192x108 at 24 frames per second, as long as its shots."""
    values = {"width": 192, "height": 108, "frame_rate": 24, "seconds": shots[-1].end, **fields}
    return FilmPlan(shots=shots, **values)


def quiet_signals(seconds: float, step: float = 0.05) -> Signals:
    """Return signals of a song that gets louder, with two beats per second."""
    count = int(seconds / step) + 1
    rise = tuple(row / count for row in range(count))
    beats = tuple(beat / 2 for beat in range(int(seconds * 2)))
    return Signals(
        times=tuple(row * step for row in range(count)),
        rms=rise,
        bass=rise,
        energy=rise,
        flux=rise,
        spectrum=tuple((level,) * 64 for level in rise),
        beats=beats,
        downbeats=beats[::4],
        onsets=beats,
    )


def shot(start: float, end: float, image: int = 0, **fields) -> Shot:
    """Return a shot of an image."""
    return Shot(start=start, end=end, image=image, **fields)


ALL_EFFECTS = Effects(
    zoom_per_second=0.02, pulse=1, parallax=1, grain=1, bloom=1, aberration=1, flash=1
)
