"""A folder with one small pickle for each clip, as ``PoseDataset`` reads through ``data_prefix=dict(skeleton=FOLDER)``.

For sets larger than memory: the annotation pickle is then an index, and a clip is read when it is needed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any

import numpy as np

from blazepose_skl.errors import InputError
from blazepose_skl.safepickle import load_safely, shown

__all__ = ['ClipFolder', 'whole_clip']


class ClipFolder:
    """Writes FOLDER/<clip>.pkl, clip by clip; the folder appears whole under its name in :meth:`finish`.

    Raises:
        InputError: There is such a folder already, or it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._part = folder.with_name(folder.name + '.part')
        self._known: set[Path] = set()

    def holds(self, clip: str) -> bool:
        """Whether a conversion that was interrupted has written a clip."""
        return (self._part if self._part.is_dir() else self.folder).joinpath(clip + '.pkl').is_file()

    def start(self, go_on: bool) -> None:
        """Begin, or go on with what an interrupted conversion has written."""
        if go_on and not self._part.exists() and self.folder.is_dir():
            os.replace(self.folder, self._part)  # interrupted between the names of the folder and the index
        if self.folder.exists():
            raise InputError(f'{self.folder} exists already; give the name of a new folder, or remove it')
        if not go_on:
            shutil.rmtree(self._part, ignore_errors=True)
        try:
            self._part.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f'{self.folder}: cannot be written: {error.strerror}') from None

    def add(self, clip: str, packed: bytes) -> None:
        """Write the pickle of a clip."""
        path = self._part / (clip + '.pkl')
        if path.parent not in self._known:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._known.add(path.parent)
        path.write_bytes(packed)

    def finish(self) -> None:
        """Give the folder its name."""
        os.replace(self._part, self.folder)

    def __enter__(self) -> ClipFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Whoever interrupts may want to go on; what failed would fail again.
        if kind is not None and issubclass(kind, Exception):
            shutil.rmtree(self._part, ignore_errors=True)


def whole_clip(item: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """An annotation of an index with what the folder's pickle of that clip holds.

    Raises:
        InputError: The clip is not in the folder or cannot be read.
    """
    name = item.get('frame_dir', item.get('filename'))
    if not isinstance(name, str):
        raise InputError(f'an annotation whose clip is a {type(name).__name__}, not a name; it was not looked for')
    if name.startswith('/') or '..' in PurePosixPath(name).parts:
        raise InputError(f"a clip called '{shown(name)}' leads out of {folder}; it was not read")
    path = folder / (name + '.pkl')
    clip = load_safely(path)
    if not isinstance(clip, dict):
        raise InputError(f'{path}: a {type(clip).__name__} where the dict of a clip was expected')
    arrays = {key: np.asarray(value) for key, value in clip.items() if isinstance(value, np.ndarray)}
    return {**clip, **arrays, **item}
