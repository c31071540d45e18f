"""Dumps of MediaPipe Pose results in the dialects that people write, read into clips.

A dialect is told apart by its structure. :mod:`.dialects` says where people stand in a frame,
:mod:`.codings` how a person's landmarks are written, :mod:`.documents` how frames follow one another.
"""

from blazepose_skl.dumps.dialects import DIALECTS
from blazepose_skl.dumps.reading import Reading, find_dumps, read_clip

__all__ = ['DIALECTS', 'Reading', 'find_dumps', 'read_clip']
