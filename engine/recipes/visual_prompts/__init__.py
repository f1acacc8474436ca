"""Visual prompts from music: features, notation, prompts, and their creativity."""
