"""How well we hear that somebody speaks, and that they have done: `python -m tests.bench.endpoints`. Not part of CI."""
