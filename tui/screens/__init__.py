"""The screens, of which one at a time fills the terminal."""
