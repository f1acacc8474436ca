"""Recipe `poster`: an agent writes a prompt, variations are generated and ranked."""

from typing import Any, ClassVar

from pydantic import BaseModel, Field

import safelight as sl


class PosterInput(sl.RecipeInput):
    """One entry of an input file."""

    id: str | None = Field(None, description="Key of the job.")
    prompt: str = Field(min_length=1, description="The event.")


class PosterSettings(sl.RecipeSettings):
    """Settings of the recipe."""

    text: sl.BackendNames = Field("builtin", description="Backend that writes the prompt.")
    image: sl.BackendNames = Field("builtin", description="Backend that generates images.")
    score: sl.BackendNames = Field("builtin", description="Backend that scores them.")
    variations: int = Field(4, ge=1, le=16, description="Number of variations.")
    width: int = Field(768, ge=64, le=4096, description="Width in pixels.")
    height: int = Field(1088, ge=64, le=4096, description="Height in pixels.")


class PosterRequest(sl.Request):
    """Request for the prompt of a poster."""

    event: str


class PosterPrompt(sl.Result):
    """The prompt of a poster."""

    kind: ClassVar[str] = "prompt"
    prompt: str
    author: str

    def prompts(self) -> list[sl.PromptVersion]:
        """Return the prompt, to be listed with the others of the job."""
        return [sl.PromptVersion(text=self.prompt, author=self.author)]


class PosterAnswer(BaseModel):
    """Answer that the model is asked for."""

    prompt: str = Field(min_length=1, max_length=2000)


def by_rule(inputs: sl.RuleInput) -> dict[str, Any]:
    """Return the prompt without a model."""
    event = inputs.request["event"]
    return {
        "prompt": f"A screen-printed poster of {event}, bold flat colours",
        "author": inputs.author,
    }


DIRECTOR = sl.Agent(
    id="direct",
    prompt=sl.prompt_beside(__file__, "director"),
    request=PosterRequest,
    result=PosterPrompt,
    message=lambda request: sl.fence("EVENT", request.event),
    answer=PosterAnswer,
    finish=lambda answer, _request, author: PosterPrompt(prompt=answer.prompt, author=author),
    rule=sl.Rule(by_rule),
)


class Poster(BaseModel):
    """The result: the variation that was taken, and its score."""

    variation: int
    image: sl.GeneratedImage
    score: float


async def poster(job: sl.Job[PosterInput, PosterSettings]) -> Poster:
    """Write, generate, rank; an operator may take another variation by `select`."""
    settings = job.settings
    request = PosterRequest(event=job.input.prompt)
    prompt = (await job.step("direct", job.text.structured, DIRECTOR, request)).prompt
    size = {"width": settings.width, "height": settings.height}
    images = [
        await job.scope(f"variation-{number + 1}").step(
            "generate", job.image.generate, prompt, seed=job.seed_for(number), **size
        )
        for number in range(settings.variations)
    ]
    files = [one.image for one in images]
    table = await job.step("score", job.scorers.score, files, brief=job.input.prompt, prompt=prompt)
    means = [sum(column.marks[n].value or 0 for column in table.columns) for n in range(len(files))]
    best = max(range(len(files)), key=means.__getitem__) + 1
    taken = await job.decide("select", default=0, among=range(len(files) + 1)) or best
    return Poster(
        variation=taken, image=images[taken - 1], score=means[taken - 1] / len(table.columns)
    )


RECIPE = sl.Recipe(
    name="poster",
    version="1",
    summary="A poster for an event: several variations, ranked.",
    input=PosterInput,
    settings=PosterSettings,
    uses={"text": sl.ChatBackend, "image": sl.ImageBackend, "score": sl.ScoreBackend},
    agents=(DIRECTOR,),
    run=poster,
    headline=sl.Headline("score", low=0, high=100),
    estimate=lambda _entry, settings: {
        "text": (1, 1),
        "image": (settings.variations, settings.variations),
        "score": (1, 1),
    },
    decisions=(sl.Choice("select"),),
    options=(sl.Option("--variations", "variations"),),
)
