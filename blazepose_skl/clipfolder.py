"""A folder with one small pickle for each clip, as ``PoseDataset`` reads through ``data_prefix=dict(skeleton=FOLDER)``.

For sets larger than memory: the annotation pickle is then an index, and a clip is read when it is needed.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import TracebackType

from blazepose_skl.errors import InputError

__all__ = ['ClipFolder']


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
