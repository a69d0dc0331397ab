"""`python -m tests.training`: from recordings to the weights of the echo stage, and what they are worth.

Law: the order of things and the words on the terminal; the work is in the other files. Everything is drawn from --seed.
The first run fetches some 700 MB of Debian packages and decodes them; scenes are kept and made anew when the linear
stage or the generator changes.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import islice
from pathlib import Path

from edge_agent.hearing.echo.neural_network import WEIGHTS, read


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.training", description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scenes", type=int, default=1500, help="to learn from, 12 s each")
    parser.add_argument("--steps", type=int, default=6000, help="of learning")
    parser.add_argument("--minutes", type=float, default=1e9, help="of learning at most")
    parser.add_argument("--on-from", type=Path, help="weights to go on from; fresh ones if not given")
    parser.add_argument("--judge", type=int, default=100, help="scenes to judge by, of other talkers and other music")
    parser.add_argument("--jobs", type=int, default=2, help="processes that make scenes")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    told = parser.parse_args()
    try:
        from tests.training.learn import Course, Stack, learn, save
    except ImportError as error:
        print(f"JAX is not installed ({error}); run `uv sync --frozen --group training`", file=sys.stderr)
        return 1
    from tests.training.corpus import JUDGE, LEARN, corpus
    from tests.training.frames import load, made
    from tests.training.judge import examine, neural

    began = time.monotonic()

    def say(words: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {words}", flush=True)

    for half in (LEARN, JUDGE):
        recordings = corpus(half)
        minutes = sum(len(one) for said in recordings.talkers.values() for one in said) / 960_000
        say(f"{half}: {len(recordings.talkers)} talkers, {minutes:.0f} min; {len(recordings.music)} pieces of music")
    stack = Stack.of((load(path) for path in islice(made(LEARN, told.seed, told.scenes, told.jobs), None)), told.scenes)
    say(f"{told.scenes} scenes, {stack.count.sum() / 360_000:.1f} h in which an echo was possible")
    begin = read(told.on_from) if told.on_from else None
    taught = learn(stack, Course(told.steps, told.minutes, seed=told.seed), say, begin)
    save(told.out, taught)
    say(f"{sum(value.size for value in taught.values())} parameters in {told.out}")
    for line in examine(told.judge, told.seed, neural(told.out)).lines():
        say(line)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
