"""Steps of a sound on the events of a film, where the film shows them."""
