"""Animation of images by movement and diffusion, as Deforum does it."""
