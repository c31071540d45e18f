"""The actions: how the body moves in each, as functions of time.

The joint angles are written down by hand from how people move; none of them comes from a recording.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from blazepose_skl.synthetic.body import SIDES, Array, Motion, Person

__all__ = ['ACTIONS', 'Take', 'stand', 'wander']

_OTHER = {'left': 'right', 'right': 'left'}


@dataclass(frozen=True)
class Take:
    """One performance: who, when, with which hand or foot, and the dice."""

    person: Person
    time: Array
    side: str
    rng: np.random.Generator

    def beats(self, low: float, high: float) -> Array:
        """Repetitions since the start, (T,), at an uneven pace between ``low`` and ``high`` a second."""
        pace = self.rng.uniform(low, high) * self.person.tempo * (1 + 0.1 * wander(self, 1, period=2.0)[:, 0])
        step = np.diff(self.time, prepend=self.time[0])
        return np.asarray(np.cumsum(pace * step) + self.rng.random())

    def size(self, spread: float = 0.12) -> float:
        """The amplitude of this performance."""
        return float(self.person.vigour * self.rng.uniform(1 - spread, 1 + spread))

    def doing(self) -> Array:
        """How much the action is going on, 0..1, (T,): in many clips it starts late or ends early."""
        end = self.time[-1]
        start = end * self.rng.uniform(-0.3, 0.2)
        stop = end * self.rng.uniform(0.8, 1.3)
        return _rise(self.time, start, 0.35) * (1 - _rise(self.time, stop, 0.35))

    def once(self, going: float, staying: tuple[float, float]) -> Array:
        """Into a position, staying for a while, and back, 0..1, (T,); all within the clip."""
        end, going = self.time[-1], going / self.person.tempo
        whole = min(end, 2 * going + self.rng.uniform(*staying))
        going = min(going, whole / 2.2)
        start = self.rng.uniform(0, end - whole)
        return _rise(self.time, start, going) * (1 - _rise(self.time, start + whole - going, going))


def wander(take: Take, channels: int, period: float) -> Array:
    """Smooth Gaussian noise of variance 1 about 0, (T, channels); it turns about every ``period`` seconds."""
    step = period / 4
    knots = np.arange(-3 * step, take.time[-1] + 3 * step, step)
    weights = np.exp(-0.5 * ((take.time[:, None] - knots) / step) ** 2)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    return np.asarray(weights @ take.rng.normal(size=(len(knots), channels)))


def _rise(time: Array, start: float, length: float) -> Array:
    """From 0 to 1, smoothly, in ``length`` seconds."""
    x = np.clip((time - start) / max(length, 1e-6), 0, 1)
    return np.asarray(x * x * (3 - 2 * x))


def _swell(beats: Array) -> Array:
    """0 at each whole beat, 1 between two."""
    return np.asarray((1 - np.cos(2 * np.pi * beats)) / 2)


def _pulse(beats: Array, width: float) -> Array:
    """A swell in the first part of each beat, and rest."""
    part = beats % 1
    return np.where(part < width, np.sin(np.pi * part / width) ** 2, 0.0)


def _front(angle: Array | float) -> Array:
    """Hanging down at 0, straight ahead at a right angle: (outwards, up, forward), (…, 3)."""
    angle = np.asarray(angle, dtype=float)
    return np.stack([0 * angle + 0.08, -np.cos(angle), np.sin(angle)], -1)


def _aside(angle: Array | float) -> Array:
    """Hanging down at 0, straight out to the side at a right angle."""
    angle = np.asarray(angle, dtype=float)
    return np.stack([np.sin(angle), -np.cos(angle), 0 * angle + 0.08], -1)


def _hold(motion: Motion, joint: str, direction: object, amount: Array) -> None:
    """Turn a segment towards a direction, as far as ``amount`` (T,) in 0..1 says."""
    amount = amount[:, None]
    motion.bones[joint] = (1 - amount) * motion.bones[joint] + amount * np.asarray(direction)


# -- the actions ----------------------------------------------------------------------------------------


def stand(take: Take) -> Motion:
    """Standing at ease, never quite still: what every action starts from."""
    habits, frames = take.person.habits, len(take.time)
    width = 0.1 + 0.06 * habits[0]
    carriage = 0.22 + 0.1 * habits[1]
    rest = {
        'elbow': (carriage, -1, 0.02),
        'wrist': (carriage * 0.6, -1, 0.2 + 0.1 * habits[2]),
        'knee': (width, -1, 0.05),
        'ankle': (width * 0.7, -1, -0.05),
    }
    sway = wander(take, 3 * 8 + 4, period=2.5)
    bones = {}
    for i, (part, side) in enumerate((part, side) for part in rest for side in SIDES):
        loose = 0.04 if part in ('elbow', 'wrist') else 0.008
        bones[f'{side}_{part}'] = np.array(rest[part]) + loose * sway[:, 3 * i : 3 * i + 3]
    bend, tilt, twist, nod = sway[:, -4:].T * [[0.02], [0.015], [0.04], [0.06]]
    bend = bend + 0.04 + 0.04 * habits[3]
    if take.rng.random() < 0.15:  # a hand on the hip
        side = _OTHER[take.side]
        bones[f'{side}_elbow'] = bones[f'{side}_elbow'] * 0.3 + [0.75, -0.7, -0.15]
        bones[f'{side}_wrist'] = bones[f'{side}_wrist'] * 0.3 + [-0.75, -0.3, 0.3]
    return Motion(bones, bend, tilt, twist, nod, np.zeros(frames))


def _bow(take: Take) -> Motion:
    motion, down = stand(take), take.once(0.9, (0.1, 0.8))
    motion.bend += down * 0.95 * take.size()
    motion.nod += 0.3 * down
    for side in SIDES:
        _hold(motion, f'{side}_knee', (0.1, -1, -0.1), down)
    return motion


def _clap(take: Take) -> Motion:
    motion, doing, habits = stand(take), take.doing(), take.person.habits
    apart = _swell(take.beats(1.4, 2.8)) * take.size()
    raised = 0.25 * habits[1] + take.rng.uniform(-0.15, 0.25)
    for side in SIDES:
        upper = np.stack([0.3 + 0.2 * apart, 0 * apart - 0.75 + raised, 0 * apart + 0.45], -1)
        fore = np.stack([-0.85 + 0.8 * apart, 0 * apart + 0.25 + raised, 0 * apart + 0.6], -1)
        _hold(motion, f'{side}_elbow', upper, doing)
        _hold(motion, f'{side}_wrist', fore, doing)
    return motion


def _drink(take: Take) -> Motion:
    motion, up = stand(take), take.once(0.7, (0.5, 1.6))
    raised = take.rng.uniform(-0.15, 0.15)
    tip = up**4
    _hold(motion, f'{take.side}_elbow', (0.35, -0.7 + raised, 0.6), up)
    _hold(motion, f'{take.side}_wrist', (-0.62, 0.75 - raised, -0.05), up)
    motion.bones[f'{take.side}_elbow'][:, 1] += 0.15 * tip
    motion.nod -= 0.25 * tip
    return motion


def _jumping_jack(take: Take) -> Motion:
    motion, doing, size = stand(take), take.doing(), take.size()
    beats = take.beats(0.8, 1.3)
    out = _swell(beats)
    for side in SIDES:
        arm = 0.15 + min(2.75 * size, 2.95) * out
        _hold(motion, f'{side}_elbow', _aside(arm), doing)
        _hold(motion, f'{side}_wrist', _aside(arm + 0.15 + 0.25 * out), doing)
        leg = 0.05 + 0.42 * size * out
        _hold(motion, f'{side}_knee', _aside(leg), doing)
        _hold(motion, f'{side}_ankle', _aside(leg * 0.9), doing)
    motion.hop += 0.1 * size * doing * np.sin(2 * np.pi * beats) ** 2
    return motion


def _kick(take: Take) -> Motion:
    motion, doing, size = stand(take), take.doing(), take.size()
    beats = take.beats(0.45, 0.75)
    lift = doing * _pulse(beats, 0.6)
    folded = doing * _pulse(beats + 0.04, 0.4)
    thigh = 1.35 * size * lift
    side, other = take.side, _OTHER[take.side]
    motion.bones[f'{side}_knee'] = motion.bones[f'{side}_knee'] + _front(thigh) - _front(0.0)
    motion.bones[f'{side}_ankle'] = motion.bones[f'{side}_ankle'] + _front(thigh - 1.2 * folded) - _front(0.0)
    _hold(motion, f'{other}_elbow', (0.5, -0.7, 0.5), 0.8 * lift)
    _hold(motion, f'{side}_elbow', (0.6, -0.7, -0.4), 0.8 * lift)
    motion.bend -= 0.22 * lift
    motion.planted = False
    return motion


def _march(take: Take) -> Motion:
    motion, doing, size = stand(take), take.doing(), take.size()
    beats = take.beats(0.7, 1.1)
    for side, offset in (('left', 0.0), ('right', 0.5)):
        knee = doing * _pulse(beats + offset, 0.55)
        swing = doing * np.sin(2 * np.pi * (beats + offset + 0.5))
        thigh = 1.2 * size * knee
        motion.bones[f'{side}_knee'] = motion.bones[f'{side}_knee'] + _front(thigh) - _front(0.0)
        motion.bones[f'{side}_ankle'] = motion.bones[f'{side}_ankle'] + _front(thigh - 1.5 * size * knee) - _front(0.0)
        arm = 0.55 * size * swing
        motion.bones[f'{side}_elbow'] = motion.bones[f'{side}_elbow'] + _front(arm) - _front(0.0)
        motion.bones[f'{side}_wrist'] = motion.bones[f'{side}_wrist'] + _front(arm + 0.5 * doing) - _front(0.0)
    motion.planted = False
    return motion


def _punch(take: Take) -> Motion:
    motion, doing, size = stand(take), take.doing(), min(take.size(), 1.0)
    beats = take.beats(0.7, 1.3)
    both = take.person.habits[2] > 0
    front = _OTHER[take.side]
    for side in SIDES:
        out = _pulse(beats + (0.0 if side == take.side else 0.5), 0.5) * size
        if side != take.side and not both:
            out = 0 * out
        reach = out[:, None]
        _hold(motion, f'{side}_elbow', (1 - reach) * [0.3, -0.85, 0.3] + reach * [-0.05, 0.0, 1.0], doing)
        _hold(motion, f'{side}_wrist', (1 - reach) * [-0.3, 0.8, 0.5] + reach * [-0.12, 0.05, 1.0], doing)
        motion.twist -= 0.4 * SIDES[side] * doing * out
        stride = 0.22 if side == front else -0.12
        _hold(motion, f'{side}_knee', (0.14, -1, stride), doing)
        _hold(motion, f'{side}_ankle', (0.1, -1, stride - 0.15), doing)
    return motion


def _sit_down(take: Take) -> Motion:
    motion = stand(take)
    length = take.rng.uniform(0.9, 1.5) / take.person.tempo
    start = take.rng.uniform(0.0, max(0.1, take.time[-1] - length) * 0.6)
    down = _rise(take.time, start, length)
    under_way = 4 * down * (1 - down)
    for side in SIDES:
        _hold(motion, f'{side}_knee', (0.2, -0.12, 1.0), down)
        _hold(motion, f'{side}_ankle', (0.12, -1.0, 0.05), down)
        _hold(motion, f'{side}_elbow', (0.2, -0.9, 0.3), down)
        _hold(motion, f'{side}_wrist', (-0.1, -0.35, 1.0), down)
    motion.bend += 0.6 * take.size() * under_way
    return motion


def _squat(take: Take) -> Motion:
    motion, doing, size = stand(take), take.doing(), min(take.size(), 1.1)
    down = doing * _swell(take.beats(0.35, 0.65))
    arms = take.rng.uniform(0.0, 1.0) < 0.7
    for side in SIDES:
        motion.bones[f'{side}_knee'] = motion.bones[f'{side}_knee'] + _front(1.4 * size * down) - _front(0.0)
        motion.bones[f'{side}_knee'][:, 0] += 0.2 * down
        motion.bones[f'{side}_ankle'] = motion.bones[f'{side}_ankle'] + _front(-0.65 * size * down) - _front(0.0)
        if arms:
            _hold(motion, f'{side}_elbow', _front(1.45), down)
            _hold(motion, f'{side}_wrist', _front(1.5), down)
    motion.bend += 0.65 * size * down
    motion.nod -= 0.3 * down
    return motion


def _wave(take: Take) -> Motion:
    motion, doing, habits = stand(take), take.doing(), take.person.habits
    swing = 0.15 + 0.5 * take.size() * np.sin(2 * np.pi * take.beats(1.0, 2.2))
    height = 0.1 + 0.45 * habits[1] + take.rng.uniform(-0.15, 0.15)
    _hold(motion, f'{take.side}_elbow', (0.8, height, 0.35), doing)
    _hold(motion, f'{take.side}_wrist', np.stack([np.sin(swing), np.cos(swing), 0 * swing + 0.2], -1), doing)
    return motion


ACTIONS: dict[str, Callable[[Take], Motion]] = {
    'bow': _bow,
    'clap': _clap,
    'drink': _drink,
    'jumping_jack': _jumping_jack,
    'kick': _kick,
    'march': _march,
    'punch': _punch,
    'sit_down': _sit_down,
    'squat': _squat,
    'wave': _wave,
}
