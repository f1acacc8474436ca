"""The recipe's own steps: choosing a picture, and joining pictures into a contact sheet.

They ask nobody and cost nothing. They are steps all the same, so that the store says what was
chosen and why, and so that a sheet is a file like any other.
"""

from collections.abc import Sequence

from pydantic import Field

from engine.contract import (
    Artifact,
    Call,
    CallContext,
    Capability,
    Missing,
    Permanent,
    Request,
    Result,
)
from engine.recipes.storyboard.selection import Selection, SelectRequest, selection


class SheetRequest(Request):
    """Asks for pictures as one contact sheet, in order."""

    images: tuple[Artifact, ...] = Field(min_length=2)


class Sheet(Result):
    """Pictures as one contact sheet."""

    image: Artifact


class Editor:
    """What the recipe does itself, in the form of a backend."""

    name = "storyboard"
    capability: Capability = "score"
    model = "editor"
    version = "1"
    paid = False
    resumable = False
    lane = "storyboard"
    concurrency = 0
    requests_per_minute: float | None = None

    def missing(self) -> list[Missing]:
        """Nothing is ever missing."""
        return []

    async def select(self, request: SelectRequest, context: CallContext) -> Selection:
        """Chooses a picture."""
        return selection(request)

    async def join(self, request: SheetRequest, context: CallContext) -> Sheet:
        """Joins pictures into a contact sheet."""
        from engine.imaging.sheet import contact_sheet

        pictures = [await context.read(image) for image in request.images]
        try:
            png = await context.compute(contact_sheet, pictures)
        except ValueError as error:
            raise Permanent(f"The pictures could not be joined: {error}.") from error
        return Sheet(image=await context.keep(png, role="reference"))


EDITOR = Editor()


def selecting(request: SelectRequest) -> Call[Selection]:
    """Describes the choice of a picture."""
    return Call(EDITOR, "select", request, Selection)


def joining(images: Sequence[Artifact]) -> Call[Sheet]:
    """Describes the joining of pictures."""
    return Call(EDITOR, "join", SheetRequest(images=tuple(images)), Sheet)
