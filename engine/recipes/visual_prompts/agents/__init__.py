"""Agent of `visual-prompts`: the writer, with its instructions beside it in the text file."""
