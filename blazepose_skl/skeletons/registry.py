"""Skeletons by name, inline, or in a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blazepose_skl.errors import InputError
from blazepose_skl.skeletons.declaration import KEYS, Skeleton

__all__ = ['SkeletonLike', 'get_skeleton', 'is_file_name', 'read_skeleton', 'register_skeleton', 'skeleton_names']

SkeletonLike = str | Mapping[str, Any] | Skeleton
"""What may stand for a skeleton: a registered name, a file's name, an inline declaration, or the thing itself."""

_REGISTRY: dict[str, Skeleton] = {}

# A layout of PYSKL's own, which its stock code answers for.
_TAKEN = ('handmp',)

_SUFFIXES = ('.toml', '.json')


def register_skeleton(skeleton: Skeleton) -> Skeleton:
    """Make a skeleton known by its name; the same declaration may come twice.

    Raises:
        InputError: Another skeleton has this name, here or in a framework.
    """
    if skeleton.name in _TAKEN or _REGISTRY.setdefault(skeleton.name, skeleton) != skeleton:
        raise InputError(f"another skeleton is called '{skeleton.name}' already; choose another name")
    return skeleton


def skeleton_names() -> tuple[str, ...]:
    """The names that :func:`get_skeleton` knows."""
    return tuple(_REGISTRY)


def get_skeleton(skeleton: SkeletonLike) -> Skeleton:
    """The skeleton of a name, of a .toml or .json file, of an inline declaration, or itself.

    Raises:
        InputError: No skeleton of that name is registered, or the declaration is wrong.
    """
    if isinstance(skeleton, Skeleton):
        return skeleton
    if isinstance(skeleton, Mapping):
        return Skeleton.from_mapping(skeleton)
    if isinstance(skeleton, str):
        if skeleton in _REGISTRY:
            return _REGISTRY[skeleton]
        if is_file_name(skeleton):
            return read_skeleton(Path(skeleton))
    raise InputError(
        f'unknown skeleton {skeleton!r}; known are {", ".join(_REGISTRY)}; declare others with register_skeleton(), '
        'as an inline dict(joints=…, parents=…), or in a .toml or .json file and give its name'
    )


def is_file_name(skeleton: str) -> bool:
    """Whether a name that is not registered is that of a file, which one with an ending is.

    >>> is_file_name('arm.toml'), is_file_name('arm')
    (True, False)
    """
    return skeleton not in _REGISTRY and bool(Path(skeleton).suffix)


def read_skeleton(path: Path) -> Skeleton:
    """The skeleton that a TOML or JSON file declares; it is called as the file if it has no name of its own.

    The keys are the arguments of :class:`Skeleton`. In a list of parents the root's is null, or '' in TOML.

    Raises:
        InputError: The file cannot be read or is not of its kind, or the declaration is wrong.
    """
    import msgspec

    from blazepose_skl.textfiles import read_text

    kind = path.suffix.removeprefix('.').upper()
    if path.suffix not in _SUFFIXES:
        raise InputError(f'{path}: only files that end in {" or ".join(_SUFFIXES)} are read as skeletons')
    decode: Any = msgspec.toml.decode if path.suffix == '.toml' else msgspec.json.decode
    text = read_text(path)
    try:
        declaration = decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f'{path}: not {kind}: {error}') from None
    if not isinstance(declaration, dict):
        raise InputError(f'{path}: a {type(declaration).__name__} where an object with {", ".join(KEYS)} was expected')
    try:
        return Skeleton.from_mapping(declaration, name=path.stem)
    except InputError as error:
        raise InputError(f'{path}: {error}') from None
