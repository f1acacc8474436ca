"""Generates a sound effect from Python, and prints what its measures say.

python examples/generate_sound.py [WORKSPACE]
"""

import sys

from safelight import generate_sound


def main(folder: str, **settings: object) -> None:
    """Generate a sound, and print its levels and its phase.

    Args:
        folder: The workspace; created if it does not exist.
        **settings: Settings of the recipe.
    """
    audio, sample_rate, path, metadata = generate_sound(
        prompt="high heels on concrete pavement",
        audio_length=4.0,
        seed=11,
        workspace=folder,
        settings=settings,
    )
    print(f"{path.name}: {audio.shape[1] / sample_rate:g} s, shape {list(audio.shape)}")
    print(f"generated in {metadata['generation_time_seconds']} s on {metadata['device']}")
    print(f"RMS: {metadata['rms']:.6f} ({metadata['rms_db']:.2f} dB)")
    phase = metadata["phase_info"]
    if phase["correlation"] is not None and phase["correlation"] < -0.3:
        print(f"Mend the phase first: {phase['message']}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo-sound")
