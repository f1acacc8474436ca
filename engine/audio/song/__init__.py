"""Analysis of a whole song for a film: form, pulse, levels and mood over time, lyrics."""
