"""Samples in, samples out. Nothing here knows of turns, networks or asyncio; time is the count of blocks."""
