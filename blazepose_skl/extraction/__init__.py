"""From videos to dumps.

One video: :mod:`.sampling` chooses frames, :mod:`.document` is the dump, :mod:`.single` makes it. Many:
:mod:`.isolated` does one in a process of its own, so that a crash takes no other down, :mod:`.shards` is a machine's
share, and :mod:`.many` gives out the work.
"""

from blazepose_skl.extraction.document import DIALECT, Settings
from blazepose_skl.extraction.many import Summary, Tracker, extract, path_of, rejects_path
from blazepose_skl.extraction.shards import Shard
from blazepose_skl.extraction.single import Extracted, Job, extract_video

__all__ = [
    'DIALECT',
    'Extracted',
    'Job',
    'Settings',
    'Shard',
    'Summary',
    'Tracker',
    'extract',
    'extract_video',
    'path_of',
    'rejects_path',
]
