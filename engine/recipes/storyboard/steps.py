"""The recipe's own steps: choosing an image, and joining images into a contact sheet.

They ask nobody and cost nothing. They are steps all the same, so that the store says what was
chosen and why, and so that a sheet is a file like any other. Their names are part of the stored
fingerprints.
"""

from typing import ClassVar

from pydantic import Field

from engine.contract import Artifact, CallContext, Permanent, Request, Result
from engine.recipes.storyboard.selection import Selection, SelectRequest, select_best

METHOD = "editor"
"""Name of the recipe's own steps in the store; part of their fingerprints."""


class SheetRequest(Request):
    """Asks for images as one contact sheet, in order."""

    images: tuple[Artifact, ...] = Field(min_length=2)


class ContactSheet(Result):
    """Images as one contact sheet."""

    kind: ClassVar[str] = "image"

    image: Artifact


def select(request: SelectRequest) -> Selection:
    """Choose an image of a set."""
    return select_best(request)


async def join(request: SheetRequest, context: CallContext) -> ContactSheet:
    """Join images into a contact sheet."""
    from engine.imaging.sheet import contact_sheet

    images = [await context.read(image) for image in request.images]
    try:
        png = await context.compute(contact_sheet, images)
    except ValueError as error:
        raise Permanent(f"The images could not be joined: {error}.") from error
    return ContactSheet(image=await context.keep(png, role="reference"))
