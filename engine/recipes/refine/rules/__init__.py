"""Offline rules of `refine`'s agents: a critic that measures, a refiner that corrects."""
