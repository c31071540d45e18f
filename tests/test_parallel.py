"""Work spread over processes: the same results in the same order, nothing left running."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import write_tree

from blazepose_skl.convert import convert
from blazepose_skl.parallel import in_order
from blazepose_skl.splits import Split, split_last


def split(labels: dict[str, str]) -> Split:
    return split_last(labels, 1)


def test_results_come_in_order_however_many_processes() -> None:
    assert list(in_order(math.sqrt, range(100), jobs=2)) == list(map(math.sqrt, range(100)))


def test_items_are_not_taken_long_before_they_are_needed() -> None:
    taken: list[int] = []
    results = in_order(abs, (taken.append(n) or n for n in range(10_000)), jobs=2)
    next(results)
    assert len(taken) < 200
    results.close()  # type: ignore[attr-defined]


def test_an_error_comes_through() -> None:
    with pytest.raises(ValueError, match='math domain error'):
        list(in_order(math.sqrt, [1, -1], jobs=2))


def test_a_conversion_is_the_same_with_processes(tmp_path: Path) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=20, run=20))
    (dumps / 'jump' / '07.json').write_text('')
    one, two = (convert(dumps, tmp_path / f'{jobs}.pkl', split, jobs=jobs) for jobs in (1, 2))
    assert one == two
    assert len(one.rejected) == 1
    assert (tmp_path / '1.pkl').read_bytes() == (tmp_path / '2.pkl').read_bytes()


@pytest.mark.skipif(not hasattr(signal, 'SIGKILL'), reason='there is no SIGKILL here')
def test_killed_with_processes_it_goes_on_and_leaves_none(tmp_path: Path) -> None:
    dumps, out = write_tree(tmp_path / 'dumps', dict(jump=60, run=60)), tmp_path / 'out.pkl'
    code = (
        'import os, signal, sys; from pathlib import Path; from blazepose_skl.convert import convert\n'
        'def track(sources):\n'
        '    for n, source in enumerate(sources):\n'
        '        if n == 119: os.kill(os.getpid(), signal.SIGKILL)\n'
        '        yield source\n'
        'convert(Path(sys.argv[1]), Path(sys.argv[2]), None, track=track, jobs=2)'
    )
    # The pipe is open as long as one of the processes lives: reading to its end waits for them all.
    done = subprocess.run(
        [sys.executable, '-c', code, str(dumps), str(out)], check=False, stdout=subprocess.PIPE, timeout=120
    )
    assert done.returncode == -signal.SIGKILL
    assert not out.exists()
    assert os.path.getsize(tmp_path / 'out.pkl.part.journal') > 1000
    convert(dumps, out, split)
    convert(dumps, tmp_path / 'whole.pkl', split)
    assert out.read_bytes() == (tmp_path / 'whole.pkl').read_bytes()
