"""Durable loops of generative media: the public names of Safelight.

    from safelight import open_workspace

    with open_workspace("images") as workspace:
        batch = workspace.run("refine", "prompts.json", settings={"seed": 11})
        for report in workspace.results(batch):
            print(report.key, report.best_iteration)

Each name is imported when it is first used. `docs/deprecation.md` says how public names change.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine import __version__ as __version__

if TYPE_CHECKING:
    from engine.client.remote.connect import connect as connect
    from engine.client.remote.connect import connect_async as connect_async
    from engine.client.workspace import Workspace as Workspace
    from engine.client.workspace import open_workspace as open_workspace
    from engine.contract import UserError as UserError
    from engine.contract.agent import Agent as Agent
    from engine.contract.agent import Rule as Rule
    from engine.contract.agent import RuleInput as RuleInput
    from engine.contract.audio import AUDIO as AUDIO
    from engine.contract.audio import AudioBackend as AudioBackend
    from engine.contract.audio import AudioInfo as AudioInfo
    from engine.contract.audio import AudioRequest as AudioRequest
    from engine.contract.audio import GeneratedAudio as GeneratedAudio
    from engine.contract.backend import Backend as Backend
    from engine.contract.backend import BackendFamily as BackendFamily
    from engine.contract.backend import BaseBackend as BaseBackend
    from engine.contract.backend import Call as Call
    from engine.contract.backend import CallContext as CallContext
    from engine.contract.backend_names import BackendNames as BackendNames
    from engine.contract.batch import BatchContext as BatchContext
    from engine.contract.batch import BatchJob as BatchJob
    from engine.contract.batch import BatchStep as BatchStep
    from engine.contract.capability import Capability as Capability
    from engine.contract.chat.answers import Answer as Answer
    from engine.contract.chat.answers import CleanText as CleanText
    from engine.contract.chat.answers import Number as Number
    from engine.contract.chat.answers import OptionalText as OptionalText
    from engine.contract.chat.answers import SampledResult as SampledResult
    from engine.contract.chat.answers import TextList as TextList
    from engine.contract.chat.prompt_files import PromptFile as PromptFile
    from engine.contract.chat.prompt_files import fence as fence
    from engine.contract.chat.prompt_files import prompt_beside as prompt_beside
    from engine.contract.data import Artifact as Artifact
    from engine.contract.data import Check as Check
    from engine.contract.data import Critique as Critique
    from engine.contract.data import Facts as Facts
    from engine.contract.data import FrozenModel as FrozenModel
    from engine.contract.data import MissingRequirement as MissingRequirement
    from engine.contract.data import OpenFile as OpenFile
    from engine.contract.data import PromptedRequest as PromptedRequest
    from engine.contract.data import PromptVersion as PromptVersion
    from engine.contract.data import Request as Request
    from engine.contract.data import Result as Result
    from engine.contract.data import Score as Score
    from engine.contract.decision_points import Approval as Approval
    from engine.contract.decision_points import Choice as Choice
    from engine.contract.decision_points import FreeText as FreeText
    from engine.contract.embedding import EMBEDDING as EMBEDDING
    from engine.contract.embedding import EmbeddingBackend as EmbeddingBackend
    from engine.contract.embedding import EmbeddingInfo as EmbeddingInfo
    from engine.contract.embedding import Embeddings as Embeddings
    from engine.contract.embedding import EmbedRequest as EmbedRequest
    from engine.contract.errors import Blocked as Blocked
    from engine.contract.errors import OutcomeUnknown as OutcomeUnknown
    from engine.contract.errors import Permanent as Permanent
    from engine.contract.errors import Rejected as Rejected
    from engine.contract.errors import Retryable as Retryable
    from engine.contract.errors import StepError as StepError
    from engine.contract.files import EventsFile as EventsFile
    from engine.contract.files import HrtfFile as HrtfFile
    from engine.contract.files import ImageFile as ImageFile
    from engine.contract.files import SoundFile as SoundFile
    from engine.contract.image import IMAGE as IMAGE
    from engine.contract.image import GeneratedImage as GeneratedImage
    from engine.contract.image import ImageBackend as ImageBackend
    from engine.contract.image import ImageInfo as ImageInfo
    from engine.contract.image import ImageRequest as ImageRequest
    from engine.contract.info import BackendInfo as BackendInfo
    from engine.contract.info import Limits as Limits
    from engine.contract.job import Iteration as Iteration
    from engine.contract.job import Job as Job
    from engine.contract.job import Scope as Scope
    from engine.contract.kinds import Content as Content
    from engine.contract.kinds import Drawing as Drawing
    from engine.contract.kinds import Item as Item
    from engine.contract.kinds import Kind as Kind
    from engine.contract.kinds import Line as Line
    from engine.contract.kinds import Lines as Lines
    from engine.contract.kinds import OwnImage as OwnImage
    from engine.contract.kinds import Raster as Raster
    from engine.contract.kinds import Recognition as Recognition
    from engine.contract.kinds import Size as Size
    from engine.contract.kinds import Span as Span
    from engine.contract.options import Option as Option
    from engine.contract.outputs import Outputs as Outputs
    from engine.contract.outputs import Projection as Projection
    from engine.contract.outputs import SummaryLine as SummaryLine
    from engine.contract.page import PagePart as PagePart
    from engine.contract.reader import Reader as Reader
    from engine.contract.recipe import GatedSettings as GatedSettings
    from engine.contract.recipe import Headline as Headline
    from engine.contract.recipe import Recipe as Recipe
    from engine.contract.recipe import RecipeSettings as RecipeSettings
    from engine.contract.recipe_input import RecipeInput as RecipeInput
    from engine.contract.score import SCORE as SCORE
    from engine.contract.score import ScoreBackend as ScoreBackend
    from engine.contract.score import ScoreInfo as ScoreInfo
    from engine.contract.score import ScoreRequest as ScoreRequest
    from engine.contract.score import ScoreTable as ScoreTable
    from engine.contract.text import TEXT as TEXT
    from engine.contract.text import BaseChatBackend as BaseChatBackend
    from engine.contract.text import ChatBackend as ChatBackend
    from engine.contract.tiers import Tier as Tier
    from engine.contract.timeline import Timeline as Timeline
    from engine.contract.timeline import TimelineSection as TimelineSection
    from engine.contract.timeline import TimelineShot as TimelineShot
    from engine.contract.video import VIDEO as VIDEO
    from engine.contract.video import FrameCounts as FrameCounts
    from engine.contract.video import GeneratedVideo as GeneratedVideo
    from engine.contract.video import VideoBackend as VideoBackend
    from engine.contract.video import VideoInfo as VideoInfo
    from engine.contract.video import VideoRequest as VideoRequest
    from engine.contract.vision import VISION as VISION
    from engine.recipes.visual_prompts.creativity.measure import creativity as creativity
    from engine.recipes.visual_prompts.creativity.model import Creativity as Creativity
    from safelight.images import ImageEvaluation as ImageEvaluation
    from safelight.images import ImageOnDisk as ImageOnDisk
    from safelight.images import NoResult as NoResult
    from safelight.images import RefinedPrompt as RefinedPrompt
    from safelight.images import evaluate_image as evaluate_image
    from safelight.images import generate_image as generate_image
    from safelight.images import refine_prompt as refine_prompt
    from safelight.sounds import GeneratedSound as GeneratedSound
    from safelight.sounds import NoSound as NoSound
    from safelight.sounds import generate_sound as generate_sound

_MODULES = {
    "safelight.images": (
        "ImageEvaluation",
        "ImageOnDisk",
        "NoResult",
        "RefinedPrompt",
        "evaluate_image",
        "generate_image",
        "refine_prompt",
    ),
    "safelight.sounds": (
        "GeneratedSound",
        "NoSound",
        "generate_sound",
    ),
    "engine.client.remote.connect": (
        "connect",
        "connect_async",
    ),
    "engine.client.workspace": (
        "Workspace",
        "open_workspace",
    ),
    "engine.contract": ("UserError",),
    "engine.contract.agent": (
        "Agent",
        "Rule",
        "RuleInput",
    ),
    "engine.contract.audio": (
        "AUDIO",
        "AudioBackend",
        "AudioInfo",
        "AudioRequest",
        "GeneratedAudio",
    ),
    "engine.contract.backend": (
        "Backend",
        "BackendFamily",
        "BaseBackend",
        "Call",
        "CallContext",
    ),
    "engine.contract.backend_names": ("BackendNames",),
    "engine.contract.batch": (
        "BatchContext",
        "BatchJob",
        "BatchStep",
    ),
    "engine.contract.capability": ("Capability",),
    "engine.contract.chat.answers": (
        "Answer",
        "CleanText",
        "Number",
        "OptionalText",
        "SampledResult",
        "TextList",
    ),
    "engine.contract.chat.prompt_files": (
        "PromptFile",
        "fence",
        "prompt_beside",
    ),
    "engine.contract.data": (
        "Artifact",
        "Check",
        "Critique",
        "Facts",
        "FrozenModel",
        "MissingRequirement",
        "OpenFile",
        "PromptVersion",
        "PromptedRequest",
        "Request",
        "Result",
        "Score",
    ),
    "engine.contract.decision_points": (
        "Approval",
        "Choice",
        "FreeText",
    ),
    "engine.contract.embedding": (
        "EMBEDDING",
        "EmbedRequest",
        "EmbeddingBackend",
        "EmbeddingInfo",
        "Embeddings",
    ),
    "engine.contract.errors": (
        "Blocked",
        "OutcomeUnknown",
        "Permanent",
        "Rejected",
        "Retryable",
        "StepError",
    ),
    "engine.contract.files": (
        "ImageFile",
        "EventsFile",
        "HrtfFile",
        "SoundFile",
    ),
    "engine.contract.image": (
        "GeneratedImage",
        "IMAGE",
        "ImageBackend",
        "ImageInfo",
        "ImageRequest",
    ),
    "engine.contract.info": (
        "BackendInfo",
        "Limits",
    ),
    "engine.contract.job": (
        "Iteration",
        "Job",
        "Scope",
    ),
    "engine.contract.kinds": (
        "Content",
        "Drawing",
        "Item",
        "Kind",
        "Line",
        "Lines",
        "OwnImage",
        "Raster",
        "Recognition",
        "Size",
        "Span",
    ),
    "engine.contract.options": ("Option",),
    "engine.contract.outputs": (
        "Outputs",
        "Projection",
        "SummaryLine",
    ),
    "engine.contract.page": ("PagePart",),
    "engine.contract.reader": ("Reader",),
    "engine.contract.recipe": (
        "GatedSettings",
        "Headline",
        "Recipe",
        "RecipeSettings",
    ),
    "engine.contract.recipe_input": ("RecipeInput",),
    "engine.contract.score": (
        "SCORE",
        "ScoreBackend",
        "ScoreInfo",
        "ScoreRequest",
        "ScoreTable",
    ),
    "engine.contract.text": (
        "BaseChatBackend",
        "ChatBackend",
        "TEXT",
    ),
    "engine.contract.tiers": ("Tier",),
    "engine.contract.timeline": (
        "Timeline",
        "TimelineSection",
        "TimelineShot",
    ),
    "engine.contract.video": (
        "FrameCounts",
        "GeneratedVideo",
        "VIDEO",
        "VideoBackend",
        "VideoInfo",
        "VideoRequest",
    ),
    "engine.contract.vision": ("VISION",),
    "engine.recipes.visual_prompts.creativity.measure": ("creativity",),
    "engine.recipes.visual_prompts.creativity.model": ("Creativity",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'safelight' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return ["__version__", *sorted(_HOME)]
