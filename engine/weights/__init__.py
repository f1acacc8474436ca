"""Where the weights of models are, on this machine or the hub."""
