"""Recipe `sound-effect`: takes of a sound, measured and judged; keep the best."""

from engine.contract import ChatBackend, ScoreBackend
from engine.contract.audio import AudioBackend
from engine.contract.decision_points import Choice
from engine.contract.options import Option
from engine.contract.outputs import Outputs
from engine.contract.page import PagePart
from engine.contract.recipe import Headline, Recipe
from engine.recipes.sound_effect.agents.refiner import REFINER
from engine.recipes.sound_effect.deciding import check_decision
from engine.recipes.sound_effect.estimate import calls_of, check, check_entry
from engine.recipes.sound_effect.input import SoundEffectInput
from engine.recipes.sound_effect.loop import best_part, sound_effect
from engine.recipes.sound_effect.outputs import write_batch, write_job
from engine.recipes.sound_effect.read_report import job_report
from engine.recipes.sound_effect.settings import SoundEffectSettings
from engine.recipes.sound_effect.summary import summary

PAGE = (
    PagePart("events", field="events"),
    PagePart("takes", steps=("iteration-*/take-*/generate",), role="*", beside=True),
    PagePart("finished takes", steps=("iteration-*/take-*/finish",), role="*", beside=True),
    PagePart("measures", steps=("iteration-*/take-*/measure",), beside=True),
    PagePart("sound of the film", steps=("place",), role="*"),
    PagePart("steps of the film", steps=("place",)),
    PagePart("refined prompts", steps=("iteration-*/refine",)),
)
"""The page of a sound effect in the dashboard."""

RECIPE = Recipe(
    name="sound-effect",
    version="1",
    summary="Generate takes of a sound, measure them, refine the prompt; keep the best.",
    input=SoundEffectInput,
    settings=SoundEffectSettings,
    uses={"audio": AudioBackend, "text": ChatBackend, "score": ScoreBackend},
    agents=(REFINER,),
    run=sound_effect,
    headline=Headline("score", low=0, high=100),
    estimate=calls_of,
    decisions=(Choice("select", check_decision, among="iteration-*/take-*"),),
    options=(
        Option("--prompt", "prompt", target="entry"),
        Option(
            "--negative-prompt", "negative_prompt", target="entry", aliases=("--negative_prompt",)
        ),
        Option("--init-audio", "init_audio", target="entry", aliases=("--init_audio",)),
        Option("--init-noise", "init_noise", target="entry", aliases=("--init_noise",)),
        Option("--output", target="output", help="The output folder; the same as --output-dir."),
        Option("--audio-length", "audio_length", aliases=("--audio_length",)),
        Option("--cfg-scale", "cfg_scale", aliases=("--cfg_scale",)),
        Option("--steps", "steps"),
        Option("--sampler", "sampler"),
        Option("--num-variations", "num_variations", aliases=("--num_variations",)),
        Option("--max-iterations", "max_iterations", aliases=("--max_iterations",)),
        Option("--loop", "loop"),
        Option("--checkpoint", "checkpoint"),
        Option("--config", "config"),
        Option("--lora", "loras"),
        Option("--device", "device"),
        Option("--events", "events", target="entry"),
        Option("--hrtf", "hrtf", target="entry"),
        Option("--field-of-view", "field_of_view", aliases=("--field_of_view",)),
        Option("--fade", "fade"),
        Option("--target-lufs", "target_lufs", aliases=("--target_lufs",)),
        Option("--audio-format", "audio_format", aliases=("--audio_format",)),
    ),
    outputs=Outputs(
        "sound_effects",
        is_output_dir=True,
        report=job_report,
        summary=summary,
        write_job=write_job,
        write_batch=write_batch,
    ),
    best_part=best_part,
    page=PAGE,
    check=check,
    check_entry=check_entry,
    backend_settings=SoundEffectSettings.backends,
    extra="audio",
)
"""The recipe, as the entry point `sound-effect` of `safelight.recipes` gives it."""
