"""Agents of `refine`: the evaluator judges an image, the refiner writes the next prompt.

Each has its instructions beside it, in the text file of its name.
"""
