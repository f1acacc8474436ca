"""Settings of ElevenLabs: `[backends.elevenlabs]` in `safelight.toml`."""

from pydantic import Field

from engine.backends.common.remote_sound import SoundPriceSettings

API_URL = "https://api.elevenlabs.io"
KEYS = ("ELEVENLABS_API_KEY", "XI_API_KEY")


class ElevenLabsSettings(SoundPriceSettings):
    """Settings of ElevenLabs.

    Attributes:
        model: The model of sound effects.
        output_format: Format by ElevenLabs' own name: codec, sample rate and, for some, bit rate.
            Which of them an account may ask for depends on its plan.
        prompt_influence: How closely a sound that asks for no guidance follows its prompt.
    """

    model: str = Field(
        "eleven_text_to_sound_v2",
        pattern=r"^[a-z0-9][\w.-]{0,80}$",
        description="Model of sound effects.",
    )
    output_format: str = Field(
        "mp3_44100_128",
        pattern=r"^(mp3_\d{5}_\d{2,3}|opus_48000_\d{2,3}|(wav|pcm)_\d{4,5})$",
        description="Format of the sounds, such as mp3_44100_192, wav_48000 or pcm_44100.",
    )
    prompt_influence: float | None = Field(
        None, ge=0, le=1, description="How closely the prompt is followed; by default the model's."
    )
