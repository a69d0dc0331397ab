"""How well sentences are understood and spoken, engine beside engine: `python -m tests.bench.recognition`."""
