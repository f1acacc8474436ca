"""Measures of an image: colours, tone, sharpness and where the weight lies."""
