"""Dumps as CSV: the pose-classification notebook's, and wide tables with a header; a frame in each row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.dumps.codings import wrong_number
from blazepose_skl.dumps.joints import BLAZEPOSE, channels_of_three, joint_index
from blazepose_skl.dumps.metadata import read_number
from blazepose_skl.dumps.recording import Metadata, Recording, to_float32
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton

__all__ = ['CSV_DIALECTS', 'read_csv', 'record_table']

# With a header, and the pose-classification notebook's without.
CSV_DIALECTS = ('table', 'notebook')

_CHANNELS = {'x': 0, 'y': 1, 'z': 2, 'v': 3, 'visibility': 3, 'score': 3, 'confidence': 3, 'c': 3, 'presence': 3}
_NUMBERS = ('frame', 'frame_index', 'frame_number', 'frame_id')
_TIMES = {'timestamp_ms': 1e-3, 'timestamp': 1.0, 'time': 1.0}
_LABELS = ('label', 'class', 'action')


def record_table(
    dialect: str,
    table: NDArray[np.float64],
    where: str,
    numbers: NDArray[np.float64] | None = None,
    times: NDArray[np.float64] | None = None,
    metadata: Metadata | None = None,
) -> Recording:
    """The recording of one person in a table (T, V, 4) of x, y, depth, score; NaN or zeros where unseen."""
    return Recording(
        dialect=dialect,
        length=len(table),
        frames=np.arange(len(table)),
        image=to_float32(table[..., :3]),
        world=None,
        scores=to_float32(table[..., 3]),
        numbers=numbers,
        times=times,
        metadata=metadata or Metadata(),
    )


def read_csv(
    text: bytes, where: str, dialect: str | None = None, depth: bool = True, skeleton: Skeleton = BLAZEPOSE
) -> Recording:
    """The recording in a CSV file, of one of :data:`CSV_DIALECTS`.

    Without depth, a third number without a name is the score, but for MediaPipe's skeletons.

    Raises:
        InputError: With the place of what is wrong.
    """
    try:
        lines = text.decode('utf-8-sig')
        rows = [row for row in csv.reader(io.StringIO(lines)) if row and any(cell.strip() for cell in row)]
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f'{where}: neither JSON nor CSV nor another known kind of dump') from None
    if not rows:
        raise InputError(f'{where}: the file is empty; a dump was expected')
    three = channels_of_three(skeleton, depth)
    columns = _of_header(rows[0], three, skeleton) if dialect != 'notebook' else {}
    if dialect == 'table' and not columns:
        raise InputError(f"{where}: no header such as x1, y1, … in its first row, so it is not dialect 'table'")
    if columns:
        return _wide(rows, columns, where, skeleton)
    return _notebook(rows, where, three, skeleton)


def _of_header(header: Sequence[str], three: tuple[int, int, int], skeleton: Skeleton) -> dict[int, tuple[int, int]]:
    """Column -> (joint, channel), from a header such as x1,y1,z1,v1 or 0..131 or left_hip_x; {} if it is none."""
    cells = [cell.strip() for cell in header]
    counted = [column for column, cell in enumerate(cells) if cell.isdecimal() and len(cell) < 5]
    numbers = [int(cells[column]) for column in counted]
    for width in (4, 3, 2):
        if (
            numbers
            and numbers == list(range(numbers[0], numbers[0] + width * skeleton.num_joints))
            and numbers[0] in (0, 1)
        ):
            channels = three if width == 3 else range(width)
            return {column: (place // width, channels[place % width]) for place, column in enumerate(counted)}
    found: dict[int, tuple[str, int]] = {}
    for column, cell in enumerate(cells):
        parts = re.fullmatch(r'(?i)(x|y|z|v|c|visibility|score|confidence|presence)[ _]?(\d+|[a-z_ ()]+)', cell)
        joint, channel = (parts[2], parts[1]) if parts else ('', '')
        if not parts or (not joint.isdecimal() and joint_index(joint, skeleton) is None):
            ends = re.fullmatch(r'(?i)(.*?)[ _.]?(x|y|z|v|c|visibility|score|confidence|presence)', cell)
            if not ends or not (ends[1].isdecimal() or joint_index(ends[1], skeleton) is not None):
                continue
            joint, channel = ends[1], ends[2]
        found[column] = (joint, _CHANNELS[channel.lower()])
    counts = [int(joint) for joint, _ in found.values() if joint.isdecimal() and len(joint) < 5]
    first = min(counts, default=0)  # numbered from 0 or from 1
    places = {
        column: (int(joint) - first if joint.isdecimal() else joint_index(joint, skeleton), channel)
        for column, (joint, channel) in found.items()
    }
    return {column: (joint, channel) for column, (joint, channel) in places.items() if joint is not None}


def _wide(
    rows: Sequence[Sequence[str]], columns: dict[int, tuple[int, int]], where: str, skeleton: Skeleton
) -> Recording:
    joints = {joint for joint, _ in columns.values()}
    if max(joints) >= skeleton.num_joints or len(columns) < 2 * len(joints):
        raise InputError(f'{where}: {wrong_number(max(joints) + 1, skeleton)}')
    table = np.full((len(rows) - 1, skeleton.num_joints, 4), np.nan)
    targets = tuple(np.array(list(columns.values())).T)
    for frame, row in enumerate(rows[1:]):
        cells = [row[column] if column < len(row) else '' for column in columns]
        table[frame][targets] = _floats(cells, f'{where}, row {frame + 2}')
    header = [cell.strip().lower() for cell in rows[0]]

    def column(names: Sequence[str]) -> list[str] | None:
        found = next((header.index(name) for name in names if name in header), None)
        return None if found is None else [row[found] if found < len(row) else '' for row in rows[1:]]

    times = next(((key, column([key])) for key in _TIMES if key in header), None)
    seconds = _numbers(times[1]) if times else None
    return record_table(
        'table',
        table,
        where,
        numbers=_numbers(column(_NUMBERS)),
        times=seconds * _TIMES[times[0]] if times and seconds is not None else None,
        metadata=Metadata(label=_label(column(_LABELS), where)),
    )


def _notebook(rows: Sequence[Sequence[str]], where: str, three: tuple[int, int, int], skeleton: Skeleton) -> Recording:
    """name[,class],x0,y0,z0,…: no header, no visibility."""
    joints = skeleton.num_joints
    named = len(rows[0]) % joints
    if len(rows[0]) - named not in (2 * joints, 3 * joints, 4 * joints) or named > 2:
        raise InputError(
            f"{where}: neither JSON nor a table of '{skeleton.name}': {len(rows[0])} columns where "
            f'{3 * joints + 1} (a name and {joints} landmarks), or a header with x1, y1, …, were expected'
        )
    channels = (len(rows[0]) - named) // joints
    table = np.full((len(rows), joints, 4), np.nan)
    for frame, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise InputError(f'{where}, row {frame + 1}: {len(row)} columns where the first row has {len(rows[0])}')
        values = _floats(row[named:], f'{where}, row {frame + 1}')
        table[frame][:, three if channels == 3 else slice(channels)] = np.reshape(values, (joints, channels))
    names = [re.findall(r'\d{1,9}', row[0]) for row in rows] if named else []
    numbers = np.array([float(found[-1]) for found in names]) if names and all(names) else None
    label = _label([row[1] for row in rows], where) if named == 2 else None
    return record_table('notebook', table, where, numbers=numbers, metadata=Metadata(label=label))


def _floats(cells: Sequence[str], place: str) -> list[float]:
    try:
        return [float(cell) if cell.strip() else float('nan') for cell in cells]
    except ValueError:
        wrong = next(cell for cell in cells if cell.strip() and not _is_number(cell))
        raise InputError(f'{place}: {wrong[:40]!r} where a number was expected') from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _numbers(cells: Sequence[str] | None) -> NDArray[np.float64] | None:
    values = [read_number(cell) for cell in cells or ()]
    return np.array(values, np.float64) if values and None not in values else None


def _label(cells: Sequence[str] | None, where: str) -> str | None:
    labels = sorted(set(cells or ()))
    if len(labels) > 1:
        shown = ', '.join(labels[:3])
        raise InputError(f'{where}: rows of {len(labels)} classes ({shown}); one clip in a file was expected')
    return labels[0] if labels else None
