"""Intervals of an engine's work, and its patience when it closes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineTimings:
    """Seconds between the things that an engine does, and limits of what it waits for at its end.

    Attributes:
        turn: Maximum pause between two turns of the loop.
        progress: Between two writes of what running steps show.
        hosts: Between two looks at the model hosts.
        machines: Between two looks at the files that name or allow other machines.
        lanes: Between two writes of the lanes.
        heartbeat: Between two signs of life, and looks whether the store is still in its place.
        alerts: Between two looks for alerts.
        history: Between two cuts of the history.
        temporary: Between two looks for temporary files that have served their time.
        sweep: Between two looks for what killed processes have left half-written.
        thumbnails: Before the first thumbnail of a burst, so that short runs need no process.
        calls: At the end, for calls that have been cancelled, after the grace period.
        jobs: At the end, for jobs that have been stopped.
        batches: At the end, for the last steps of batches.
        webhooks: At the end, for events that are due to be sent.
        row: At the end, for the store to take that the engine has stopped.
        writes: At the end, for the store to take everything else.
    """

    turn: float = 0.05
    progress: float = 0.1
    hosts: float = 0.3
    machines: float = 1.0
    lanes: float = 0.5
    heartbeat: float = 2.0
    alerts: float = 1.0
    history: float = 600.0
    temporary: float = 21_600.0
    sweep: float = 3600.0
    thumbnails: float = 1.0
    calls: float = 10.0
    jobs: float = 10.0
    batches: float = 10.0
    webhooks: float = 20.0
    row: float = 5.0
    writes: float = 5.0
