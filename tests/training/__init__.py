"""The network of the echo stage, from recordings to weights."""
