"""Standard error without what native libraries tell those who develop them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ['quiet_libraries']

# Notes and warnings of MediaPipe and TensorFlow Lite are left out, and what Qt misses in OpenCV's wheels; errors, last
# words and whatever else comes, pass.
_FILTER = r"""
import re, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
note = re.compile(rb'[IW]\d{4} |INFO: |WARNING: (Logging|All log messages) before |QFontDatabase: |Note that Qt ')
for line in sys.stdin.buffer:
    if not note.match(line):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """What MediaPipe writes to standard error past Python goes through a filter meanwhile.

    The filter is a process of its own, so that the last words of one that crashes are not lost. Python's own
    ``sys.stderr``, and with it progress bars and messages, is not filtered and stays a terminal if it is one.
    """
    try:
        straight = os.dup(2)
    except OSError:  # closed by whoever started us
        yield
        return
    process = subprocess.Popen([sys.executable, '-I', '-S', '-c', _FILTER], stdin=subprocess.PIPE, stderr=straight)
    assert process.stdin is not None  # it was asked for
    before = sys.stderr
    sys.stderr.flush()
    with os.fdopen(straight, 'w', encoding=before.encoding, errors='backslashreplace', buffering=1) as stream:
        if _is_standard(before):
            sys.stderr = stream
        os.dup2(process.stdin.fileno(), 2)
        process.stdin.close()
        try:
            yield
        finally:
            stream.flush()
            os.dup2(straight, 2)
            sys.stderr = before
            process.wait()


def _is_standard(stream: object) -> bool:
    """Whether a stream writes to the file that native libraries write to."""
    try:
        return bool(stream.fileno() == 2)  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return False
