"""Measures of an image: colours, tone, sharpness and centre of weight."""
