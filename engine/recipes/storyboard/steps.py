"""The recipe's own steps: choosing an image, and joining images into a contact sheet.

They ask nobody and cost nothing. They are steps all the same, so that the store says what was
chosen and why, and so that a sheet is a file like any other. Their names are part of the stored
fingerprints.
"""

from typing import ClassVar

from pydantic import Field

from engine.contract import Artifact, CallContext, Permanent, Request, Result
from engine.contract.agent import RuleInput
from engine.contract.backend import FrozenModel
from engine.recipes.storyboard.agents.scene_writer import Scenes, ScenesRequest, by_rule
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


class ShotReference(FrozenModel):
    """An image that a shot follows, or that it does not.

    Attributes:
        image: The image.
        subject: Name of the subject that it is of; empty for a whole scene.
        scene: Number of the scene that it was taken for; 0 for an image of the entry or a sheet.
        reason: Why it is a reference, or why it is not, a sentence.
    """

    image: Artifact
    subject: str = ""
    scene: int = 0
    reason: str = ""


class ReferencesRequest(Request):
    """Asks to record what a shot follows.

    Attributes:
        references: Its reference images, the most important first.
        left_out: Images that it might follow, with the reasons why it does not.
    """

    references: tuple[ShotReference, ...] = ()
    left_out: tuple[ShotReference, ...] = ()


class ShotReferences(Result):
    """The reference images of a shot, as a table as well; they change with what it is asked for.

    Attributes:
        references: Its reference images, the most important first.
        left_out: Images that it might follow, with the reasons why it does not.
        columns: Heads of the table.
        rows: A row for each image: whether it is followed, whom it shows, from where, and why.
    """

    kind: ClassVar[str] = "table"

    references: tuple[ShotReference, ...]
    left_out: tuple[ShotReference, ...] = ()
    columns: tuple[str, ...] = ("followed", "image of", "from", "why")
    rows: tuple[tuple[bool | str, ...], ...] = ()


def freeze_references(request: ReferencesRequest) -> ShotReferences:
    """Record the reference images of a shot."""
    pairs = [(one, True) for one in request.references]
    pairs += [(one, False) for one in request.left_out]
    return ShotReferences(
        references=request.references,
        left_out=request.left_out,
        rows=tuple(
            (
                is_used,
                one.subject or "the whole",
                f"scene {one.scene}" if one.scene else "entry",
                one.reason,
            )
            for one, is_used in pairs
        ),
    )


def split_by_rule(request: ScenesRequest) -> Scenes:
    """Split a brief by the embedded rule."""
    plain = request.model_dump(mode="json")
    asked = RuleInput(request=plain, images=(), strength=1.0, author=f"{METHOD} beats")
    return Scenes.model_validate(by_rule(asked))


async def join(request: SheetRequest, context: CallContext) -> ContactSheet:
    """Join images into a contact sheet."""
    from engine.imaging.sheet import contact_sheet

    images = [await context.read(image) for image in request.images]
    try:
        png = await context.compute(contact_sheet, images)
    except ValueError as error:
        raise Permanent(f"The images could not be joined: {error}.") from error
    return ContactSheet(image=await context.keep(png, role="reference"))
