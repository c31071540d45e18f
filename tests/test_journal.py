"""Interrupted at any moment: no output or the previous whole one, and started again it goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import interrupt_at, keypoints, make_motion, split, write_dump, write_tree

from blazepose_skl import convert as converter
from blazepose_skl.convert import convert


@pytest.mark.parametrize('count', [0, 1, 4, 5])
def test_an_interrupted_conversion_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    dumps, out = write_tree(tmp_path / 'dumps', dict(jump=3, run=3)), tmp_path / 'out.pkl'
    (dumps / 'jump' / '01.json').write_text('')  # rejected both times
    convert(dumps, tmp_path / 'whole.pkl', split)
    with pytest.raises(KeyboardInterrupt):
        convert(dumps, out, split, track=interrupt_at(count))
    assert not out.exists()
    read: list[str] = []
    original = converter.read_clip
    monkeypatch.setattr(converter, 'read_clip', lambda source, how: read.append(source.name) or original(source, how))
    summary = convert(dumps, out, split)
    assert out.read_bytes() == (tmp_path / 'whole.pkl').read_bytes()
    assert len(summary.clips) == 5
    names = ['jump/00', 'jump/01', 'jump/02', 'run/00', 'run/01', 'run/02']
    assert read == [name for n, name in enumerate(names) if n >= count or name == 'jump/01']
    assert sorted(path.name for path in tmp_path.iterdir() if 'part' in path.name) == []


def test_other_options_and_changed_files_begin_anew(tmp_path: Path) -> None:
    dumps, out = write_tree(tmp_path / 'dumps', dict(jump=3)), tmp_path / 'out.pkl'
    with pytest.raises(KeyboardInterrupt):
        convert(dumps, out, split, track=interrupt_at(2))
    write_dump(dumps / 'jump' / '00.json', keypoints(make_motion(9)))
    assert convert(dumps, out, split).frames == 9 + 2 * 4


def test_a_cut_journal_and_a_cut_pickle(tmp_path: Path) -> None:
    dumps, out = write_tree(tmp_path / 'dumps', dict(jump=4)), tmp_path / 'out.pkl'
    convert(dumps, tmp_path / 'whole.pkl', split)
    for name in ('out.pkl.part', 'out.pkl.part.journal'):
        with pytest.raises(KeyboardInterrupt):
            convert(dumps, out, split, track=interrupt_at(3))
        os.truncate(tmp_path / name, (tmp_path / name).stat().st_size - 20)
        convert(dumps, out, split)
        assert out.read_bytes() == (tmp_path / 'whole.pkl').read_bytes()


@pytest.mark.skipif(not hasattr(signal, 'SIGKILL'), reason='there is no SIGKILL here')
def test_killed_in_the_middle(tmp_path: Path) -> None:
    dumps, out = write_tree(tmp_path / 'dumps', dict(jump=4)), tmp_path / 'out.pkl'
    convert(dumps, out, split)
    before = out.read_bytes()
    code = (
        'import os, signal, sys; from pathlib import Path; from blazepose_skl.convert import convert\n'
        'def track(sources):\n'
        '    for n, source in enumerate(sources):\n'
        '        if n == 2: os.kill(os.getpid(), signal.SIGKILL)\n'
        '        yield source\n'
        'convert(Path(sys.argv[1]), Path(sys.argv[2]), None, track=track)'
    )
    done = subprocess.run([sys.executable, '-c', code, str(dumps), str(out)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert out.read_bytes() == before
    assert (tmp_path / 'out.pkl.part').exists()
    convert(dumps, out, split)
    assert out.read_bytes() == before
    assert not (tmp_path / 'out.pkl.part').exists()
