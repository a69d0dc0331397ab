"""The loudspeaker's path to the microphone, as two filters know it.

Law: decides nothing of where to look or when there is something to learn from: those are its owner's. Learning never
stops for double talk. The estimate is a Kalman filter's, whose step yields to whatever it cannot explain, because it
knows how uncertain it is (Enzner & Vary 2006; partitioned blocks: Kuech, Mabande & Enzner 2014). Such a filter is slow
to believe that the room has changed, so a fast one runs beside it (`fast_path.py`); what explains more for a tenth of a
second is taken over by the other (two-path: Ochiai et al. 1977). While the path is young, each block is learned from
twice.

Units: samples at 16 kHz in [-1, 1]; spectra are (161,) complex64 of 320-sample frames, hop 160 (overlap-save); a
partition is 10 ms of echo path. `offset` in blocks: echoes are explained from `offset` blocks on.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.hearing.echo.fast_path import FastPath
from edge_agent.hearing.echo.reference_frames import ReferenceFrames
from edge_agent.hearing.echo.spectra import BINS, FRAME, Powers, Spectra, frames_of, power_of, spectra_of

_KEEP = np.float32(0.9995)  # state transition per block: an unobserved path is forgotten over 20 s
_WANDER = np.float32(1 - _KEEP**2)  # so the process noise, per block and per power of the tap itself
_PRIOR = np.float32(0.1)  # power of an unknown partition while the delay is: 10 dB softer than what is played
_DIRECT = np.float32(0.3)  # power of the partitions around the direct path, once it is known
_BEFORE = np.float32(0.03)  # of those before it
_DECAY = 10**-0.15  # of those after it, per partition: 0.4 s to -60 dB
_FAINTEST = 1e-4
_CONFIDENCE = np.float32(0.25)  # share of the gain that shrinks the doubt; the textbook's 0.5: blocks are independent
_NOISE_MEMORY = np.float32(0.1)  # blend per block of the power that the filter cannot explain: 100 ms
_LEAST_NOISE = np.float32(0.1)  # share of the residual that is noise even where the doubt would explain it all
_LEAK = np.float32(0.5)  # per bin: a rectangular frame spills a tone, and the spill must not look like a quiet bin
_TURN = 4  # partitions constrained a block
FAST_TURN = 2  # the same of the fast filter
_YOUNG = 150  # blocks of playback in which each block is learned from twice
_AGE = 7  # blocks ago: far enough that its frame is another one
_RECENT = 0.1  # blend per block of the two filters' errors: 100 ms
_FAST_PARTITIONS = 8  # of the fast filter: what comes later is faint
_BETTER = 0.5  # of the error, with which the fast filter is taken over
_POOR = 0.15  # of the microphone's power, left by a filter that may be replaced: one that works well is right
_EXPLAINS = 0.8  # of the microphone's power: a fast filter that leaves more explains nothing
_HARMFUL = 2.5  # of the microphone's power, left: two unrelated echoes of one level make 2
_PAUSE = 30  # blocks between two takings
_WORSE = 0.5  # of the error, with which the fast filter is put where the slow one is
_COUNTS = np.float32(0.1)  # of the mean power of the reference: a bin this loud counts half
_TINY = np.float32(1e-7)  # power of a frame at about -105 dBFS: below it there is nothing to learn from


class EchoPath:
    """The loudspeaker's path to the microphone as `partitions` of 10 ms, each with its uncertainty.

    weights, doubt: (partitions, 161), the estimate and the variance of its error.
    direct: partition of the direct path, 0 until its owner has found it.
    reference: what was played, `rows` frames of it.
    changed: set when the fast filter was taken over, for the owner to see and to clear.
    """

    def __init__(self, partitions: int, most_offset: int) -> None:
        self.rows = partitions + most_offset + 1
        self.partitions = partitions
        shape = (partitions, BINS)
        self.reference = ReferenceFrames(self.rows)
        self._times = np.zeros((2 + _TURN + FAST_TURN, FRAME), np.float32)
        self._padded = np.zeros(FRAME, np.float32)
        self._heard = np.zeros((_AGE + 1, HEARING_BLOCK), np.float32)
        self._sums = np.zeros((2 + _TURN + FAST_TURN, BINS), np.complex64)
        self.weights = np.zeros(shape, np.complex64)
        self.doubt = np.full(shape, _PRIOR, np.float32)
        self._work = np.zeros(shape, np.complex64)
        self._real = np.zeros(shape, np.float32)
        self._weight_power = np.zeros(shape, np.float32)
        self._wander = np.zeros(shape, np.float32)
        self._kept = (np.zeros(shape, np.complex64), np.full(shape, _PRIOR, np.float32))
        self._fresh = (np.zeros(shape, np.complex64), np.full(shape, _PRIOR, np.float32))
        self._fast = FastPath(min(_FAST_PARTITIONS, partitions))
        self.reset()

    def reset(self) -> None:
        """Forget the path and the reference."""
        self.reference.reset()
        for state in (self._heard, self.weights, self._weight_power, self._wander):
            state[:] = 0
        self.doubt[:] = _PRIOR
        for weights, doubt in (self._kept, self._fresh):
            weights[:] = 0
            doubt[:] = _PRIOR
        self.changed = False
        self._fast.reset()
        self._fast_estimate = self._heard[0]
        self.offset = 0
        self.direct = 0
        self._turn = self._fast_turn = 0
        self._young = 0
        self._since_taken = _PAUSE
        self._mic = self._error = self._fast_error = 0.0
        self._residual_power = np.zeros(BINS, np.float32)
        self._doubted_power = np.zeros(BINS, np.float32)

    @property
    def reference_power(self) -> Powers:
        """(161,): power of the frame whose direct sound arrives now, as far as the bulk delay is known."""
        power: Powers = self.reference.powers[self.reference.newest + self.offset + self.direct]
        return power

    def _window(self, age: int = 0) -> slice:
        return self.reference.run(self.offset + age, self.partitions)

    def estimate(self) -> Samples:
        """The echo in this block, (160,)."""
        window = self.reference.spectra[self._window()]
        np.multiply(window, self.weights, out=self._work)
        sums = self._sums
        np.add.reduce(self._work, axis=0, out=sums[0])
        self._fast.sum_into(sums[1], window)
        turn, fast_turn = self._turns()
        sums[2 : 2 + len(turn)] = self.weights[turn.start : turn.stop]
        sums[2 + _TURN : 2 + _TURN + len(fast_turn)] = self._fast.weights[fast_turn.start : fast_turn.stop]
        self._times = frames_of(sums)
        estimates: Samples = self._times[:2, HEARING_BLOCK:].copy()
        estimate: Samples = estimates[0]
        self._fast_estimate = estimates[1]
        return estimate

    def expected_power(self) -> tuple[Powers, Powers]:
        """Power spectra of a 320-sample frame, (161,) each: the echo by the estimate, and what the doubt adds to it."""
        return self._expected(self._weight_power, 0), self._expected(self.doubt, 0)

    def _expected(self, taps: Powers, age: int) -> Powers:
        power: Powers = np.einsum("pk,pk->k", self.reference.powers[self._window(age)], taps)
        return power

    def learn(self, mic: Samples, error: Samples, doubted: Powers) -> None:
        """Correct the path by this block, (160,) each: heard, and left by `estimate`. doubted: as expected just now."""
        fast_error = mic - self._fast_estimate
        times = self._times
        times[:2, :HEARING_BLOCK] = 0
        times[0, HEARING_BLOCK:] = error
        times[1, HEARING_BLOCK:] = fast_error
        times[2:, HEARING_BLOCK:] = 0  # a partition is 10 ms long: the second half of its frame is nobody's
        self._sums = spectra_of(times)
        residual, fast_residual = self._sums[:2]
        self._constrain()
        spread = _spread(doubted)
        self._residual_power += _NOISE_MEMORY * (power_of(residual) - self._residual_power)
        self._doubted_power += _NOISE_MEMORY * (0.5 * spread - self._doubted_power)
        self._correct(residual, spread, 0)
        window = self._window()
        self._fast.correct(fast_residual, self.reference.conjugates[window], self.reference.powers[window])
        self._compare(float(error @ error), float(fast_error @ fast_error), float(mic @ mic))
        self._heard[:-1] = self._heard[1:]
        self._heard[-1] = mic
        if self._young > 0:
            self._young -= 1
            self._learn_again()

    def _correct(self, residual: Spectra, spread: Powers, age: int) -> None:
        """The Kalman filter's step, for the block of `age` blocks ago."""
        noise = np.maximum(self._residual_power - self._doubted_power, _LEAST_NOISE * self._residual_power)
        noise *= 2
        noise += spread
        noise += _TINY
        inverse = 1 / noise
        window = self._window(age)
        np.multiply(self.reference.conjugates[window], residual * inverse, out=self._work)
        self._work *= self.doubt
        self.weights += self._work
        inverse *= -_CONFIDENCE * _KEEP**2
        np.multiply(self.reference.powers[window], inverse, out=self._real)
        self._real *= self.doubt
        self._real += _KEEP**2
        self.doubt *= self._real
        self.doubt += self._wander

    def _learn_again(self) -> None:
        """From a block already heard: what a new filter takes from a block is less than what is in it."""
        window = self._window(_AGE)
        if window.stop > self.reference.newest + self.rows:
            return
        np.multiply(self.reference.spectra[window], self.weights, out=self._work)
        estimate = frames_of(np.add.reduce(self._work, axis=0))[HEARING_BLOCK:]
        self._padded[HEARING_BLOCK:] = self._heard[0] - estimate
        self._correct(spectra_of(self._padded), _spread(self._expected(self.doubt, _AGE)), _AGE)

    def _turns(self) -> tuple[range, range]:
        """The partitions whose length is seen to in this block: of this filter, of the fast one."""
        most, fast_most = self.partitions, self._fast.partitions
        return (
            range(self._turn, min(self._turn + _TURN, most)),
            range(self._fast_turn, min(self._fast_turn + FAST_TURN, fast_most)),
        )

    def _constrain(self) -> None:
        turn, fast_turn = self._turns()
        self.weights[turn.start : turn.stop] = self._sums[2 : 2 + len(turn)]
        self._fast.weights[fast_turn.start : fast_turn.stop] = self._sums[2 + _TURN : 2 + _TURN + len(fast_turn)]
        self._weigh(slice(turn.start, turn.stop))
        self._turn = turn.stop % self.partitions
        self._fast_turn = fast_turn.stop % self._fast.partitions

    def _weigh(self, turn: slice) -> None:
        self._weight_power[turn] = power_of(self.weights[turn])
        np.multiply(self._weight_power[turn], _WANDER, out=self._wander[turn])

    def _compare(self, error: float, fast_error: float, mic: float) -> None:
        self._mic += _RECENT * (mic - self._mic)
        self._error += _RECENT * (error - self._error)
        self._fast_error += _RECENT * (fast_error - self._fast_error)
        self._since_taken += 1
        if self._error > _HARMFUL * self._mic:
            self._forget()
        if self._fast_error > _HARMFUL * self._mic:
            self._fast.forget()
            self._fast_error = self._mic
        poor, better = _POOR * self._mic, min(_BETTER * self._error, _EXPLAINS * self._mic)
        if self._fast_error < better and self._error > poor and self._since_taken > _PAUSE:
            early = slice(0, self._fast.partitions)
            self.weights[early] = self._fast.weights
            self._weigh(early)
            self._fear()
            self._error = self._fast_error
            self._since_taken = 0
            self.changed = True
        elif self._error < _WORSE * self._fast_error:
            self._fast.weights[:] = self.weights[: self._fast.partitions]
            self._fast_error = self._error

    def _forget(self) -> None:
        """The estimate does harm: better none."""
        self.weights[:] = 0
        self._weigh(slice(0, self.partitions))
        np.minimum(self.doubt, _DIRECT, out=self.doubt)
        self._error = self._mic

    def _fear(self) -> None:
        """The path is not what it was: be ready to learn it anew."""
        loudest = self._weight_power.mean(axis=1)
        shape = _shape(self.partitions, int(loudest.argmax())) * min(float(loudest.max()), float(_DIRECT))
        np.maximum(self.doubt, shape[:, None], out=self.doubt)
        self._young = _YOUNG

    def early_response(self) -> tuple[Spectra, Powers]:
        """(partitions, 161), a copy, and by how much each bin counts, (161,) in [0, 1]: what is played is learned."""
        loud = self._fast.loud
        return self._fast.weights.copy(), loud / (loud + _COUNTS * loud.mean() + _TINY)

    def remember(self) -> None:
        """Keep what is known now: `recall` gives it back from the next call of this on."""
        self._kept, self._fresh = self._fresh, self._kept
        self._fresh[0][:] = self.weights
        self._fresh[1][:] = self.doubt

    def recall(self) -> None:
        """Back to what was kept, for a second time to be learned quickly if that is no longer right."""
        self.weights[:], self.doubt[:] = self._kept
        self._fast.weights[:] = self.weights[: self._fast.partitions]
        self._weigh(slice(0, self.partitions))
        self._error = self._fast_error = 0.0
        self._young = _YOUNG

    def expect_direct(self, partition: int) -> None:
        """The direct path was found: doubt most what is near it, and learn eagerly."""
        shape = _DIRECT * _shape(self.partitions, partition)
        fresh = self.doubt > 0.5 * _PRIOR
        self.doubt[:] = np.where(fresh, shape[:, None], np.minimum(self.doubt, shape[:, None]))
        self._fast.shape[:] = _shape(self._fast.partitions, partition)
        self._young = _YOUNG

    def move(self, offset: int) -> None:
        """Explain echoes from `offset` blocks on; what is known moves along, what comes into view is unknown."""
        by = offset - self.offset
        self.offset = offset
        states = (
            (self.weights, 0),
            *zip(self._kept + self._fresh, (0, _PRIOR, 0, _PRIOR), strict=True),
            (self.doubt, _PRIOR),
            (self._wander, 0),
            (self._weight_power, 0),
        )
        for state, unknown in (*states, (self._fast.weights, 0)):
            moved = np.full_like(state, unknown)
            count = len(state)
            if 0 <= by < count:
                moved[: count - by] = state[by:]
            elif -count < by < 0:
                moved[-by:] = state[:by]
            state[:] = moved


def _shape(partitions: int, direct: int) -> Powers:
    """(partitions,): the power of each where the direct path's is one, by how rooms fade."""
    after = np.arange(partitions) - direct
    shape = np.where(after < 0, _BEFORE / _DIRECT, np.maximum(_DECAY ** np.maximum(after - 1, 0), _FAINTEST))
    return shape.astype(np.float32)


def _spread(power: Powers) -> Powers:
    """`power` with each bin raised to what its louder neighbours, up to three bins away, spill into it."""
    near = power.copy()
    np.maximum(near[1:], _LEAK * power[:-1], out=near[1:])
    np.maximum(near[:-1], _LEAK * power[1:], out=near[:-1])
    far = near.copy()
    np.maximum(far[2:], _LEAK**2 * near[:-2], out=far[2:])
    np.maximum(far[:-2], _LEAK**2 * near[2:], out=far[:-2])
    return far
