"""Agents of `storyboard`: the scene writer, the Cinematographer and the Prompt Engineer.

Each has its instructions beside it, in the text file of its name.
"""
