"""The page of a job: what of its input, its files and its results is shown together.

A dashboard shows the page of a job whose recipe has one in place of the job's latest step. A page
is only declared: each of its parts is drawn by its kind (`engine.contract.kinds`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PagePart:
    """One part of the page of a job; it is left out as long as there is nothing to show.

    Attributes:
        title: Its heading.
        field: A field of the input that holds a file.
        steps: Keys of steps if there is no field, with `*` for a part that varies, as `prompt-*`
            or `scene-*/select`; the result of each is shown.
        role: Role of the files of these steps that are shown in place of the results.
        beside: True to show several side by side if there is room, results on a common scale.
    """

    title: str
    field: str = ""
    steps: tuple[str, ...] = ()
    role: str = ""
    beside: bool = False

    def __post_init__(self) -> None:
        if bool(self.field) == bool(self.steps):
            raise ValueError(f"the part {self.title!r} of a page has either a field or steps")
        if self.field and self.role:
            raise ValueError(f"the part {self.title!r} of a page: only files of steps have a role")
