"""Measures of a picture: colours, tone, sharpness and where the weight lies."""
