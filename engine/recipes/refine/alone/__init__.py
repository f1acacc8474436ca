"""The parts of the loop alone: an image of a prompt, an evaluation of an image, a better prompt.

Each is a recipe of its own with one kind of step, so it is stored, priced and resumed as any other.
"""
