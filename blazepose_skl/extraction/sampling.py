"""Which frames of a video are looked at, and where they stand in its dump."""

from __future__ import annotations

from blazepose_skl.errors import InputError

__all__ = ['Sampling']


class Sampling:
    """Every n-th frame, or so many a second.

    With a rate, time is cut into slots of one over that rate, and the first frame in a slot is its frame. A slot in
    which no frame falls, where the rate of the video varies, stays empty. A video that is slower keeps its rate.

    Attributes:
        fps: Frames per second of what is chosen, None if the video does not say its own.

    Args:
        rate: Frames per second of the video on average, None if it does not say.
        every: Take every so manieth frame.
        fps: Or take so many a second.

    Raises:
        InputError: Both, or a number that makes no sense.

    >>> sampling = Sampling(30, every=1, fps=12)
    >>> [number for number in range(10) if sampling.take(number / 30, number) is not None]
    [0, 3, 5, 8]
    """

    def __init__(self, rate: float | None, every: int = 1, fps: float | None = None) -> None:
        check_sampling(every, fps)
        self._every = every
        self._slots = fps if fps and (rate is None or fps < rate) else None
        self.fps = self._slots or (rate / every if rate else None)
        self._last = -1

    def take(self, time: float, number: int) -> int | None:
        """Where a frame stands in the dump, counted from 0; None if it is not taken.

        Args:
            time: Seconds; frames come in order.
            number: Of the frame in the video.
        """
        if self._slots is None:
            return number // self._every if number % self._every == 0 else None
        slot = int(time * self._slots + 1e-6)
        if slot <= self._last:
            return None
        self._last = slot
        return slot


def check_sampling(every: int, fps: float | None) -> None:
    """Refuse numbers that make no sense.

    Raises:
        InputError: See there.
    """
    if every > 1 and fps is not None:
        raise InputError(f'one frame in {every} and {fps:g} frames a second are different choices; make one of them')
    if every < 1:
        raise InputError(f'one frame in {every} cannot be taken; give a number from 1')
    if fps is not None and not 0.1 <= fps <= 1000:
        raise InputError(f'{fps:g} frames a second cannot be taken; give a rate from 0.1 to 1000')
