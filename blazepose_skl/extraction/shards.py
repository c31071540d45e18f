"""A share of the videos, for machines that do not know of one another, such as the tasks of a Slurm array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from blazepose_skl.errors import InputError

__all__ = ['Shard']

Item = TypeVar('Item')


@dataclass(frozen=True)
class Shard:
    """Part ``number`` of ``of``, counted from 1.

    >>> Shard.parse('2/3').of_these(['a', 'b', 'c', 'd', 'e'])
    ['b', 'e']
    """

    number: int
    of: int

    @staticmethod
    def parse(text: str) -> Shard:
        """The shard that a text such as 3/8 names.

        Raises:
            InputError: It names none.
        """
        number, _, of = text.partition('/')
        if number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
            return Shard(int(number), int(of))
        raise InputError(f"shard '{text}' is none; give i/n with i from 1 to n, as in 3/8")

    def of_these(self, items: Sequence[Item]) -> list[Item]:
        """Its share, the same whatever is done already; neighbours, which are alike, go to different shards."""
        return list(items[self.number - 1 :: self.of])
