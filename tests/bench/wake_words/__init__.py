"""How well the wake words are heard, and how often they are heard in vain: `python -m tests.bench.wake_words`."""
