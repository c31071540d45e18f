"""Trees of videos: nothing is lost and nothing done twice, whatever dies on the way."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from made_videos import write_video
from typer.testing import CliRunner

from blazepose_skl.cli import app
from blazepose_skl.cli.extract import show_summary
from blazepose_skl.errors import InputError
from blazepose_skl.extraction import Shard, Summary, extract, rejects_path
from blazepose_skl.extraction.single import Extracted
from blazepose_skl.models import MODELS, locate_model
from blazepose_skl.rejects import Rejected

pytest.importorskip('mediapipe')
psutil = pytest.importorskip('psutil')

COMMAND = Path(sys.executable).parent / 'blazepose-skl'
UNREADABLE = 'not a video that OpenCV can read; remove it, or re-encode it, as with ffmpeg -i OLD NEW.mp4'
posix = pytest.mark.skipif(not hasattr(signal, 'SIGKILL'), reason='there is no SIGKILL here')


@pytest.fixture(autouse=True)
def _full_model() -> None:
    if locate_model(MODELS['full']) is None:
        pytest.skip("the model 'full' is not here")


def write_tree(folder: Path, videos: int = 6) -> Path:
    """Videos in which nobody is, so that each is a dump and a rejected one."""
    for number in range(videos):
        write_video(folder / f'{"ab"[number % 2]}' / f'{number}.mp4')
    return folder


def names(videos: int = 6) -> list[str]:
    return sorted(f'{"ab"[number % 2]}/{number}.mp4' for number in range(videos))


def done(summary: Summary) -> list[str]:
    return sorted(video.name for video in summary.videos)


def stamps(dumps: Path) -> dict[str, tuple[int, int]]:
    """What changes if a dump is made again."""
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in dumps.rglob('*.json')}


class Tracker:
    """Does something when so many videos are done, or at the first frames."""

    def __init__(self, at: int = -1, then: Callable[[], None] | None = None) -> None:
        self.count, self.shown, self.at, self.then = 0, 0, at, then

    def begin(self, videos: Sequence[Path]) -> None:
        pass

    def frames(self, count: int) -> None:
        self.shown += count
        if self.at == 0 and self.then:
            then, self.then = self.then, None
            then()

    def video(self) -> None:
        self.count += 1
        if self.count == self.at and self.then:
            self.then()


def test_a_dump_beside_the_same_relative_path(tmp_path: Path) -> None:
    videos = write_tree(tmp_path / 'videos', 3)
    (videos / 'notes.txt').touch()
    tracker = Tracker()
    summary = extract(videos, tmp_path / 'dumps', jobs=2, tracker=tracker)
    assert done(summary) == names(3)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in (tmp_path / 'dumps').rglob('*.*')) == [
        'dumps/a/0.json',
        'dumps/a/2.json',
        'dumps/b/1.json',
    ]
    assert (tracker.count, tracker.shown, summary.frames) == (3, 30, 30)


def test_videos_that_fail_are_reported_and_the_others_done(tmp_path: Path) -> None:
    videos = write_tree(tmp_path / 'videos', 1)
    (videos / 'a' / 'text.mp4').write_text('a diary')
    (videos / 'a' / 'empty.mp4').touch()
    run = CliRunner()
    result = run.invoke(app, ['extract', str(videos), str(tmp_path / 'dumps'), '--jobs', '1', '--gzip'])
    assert result.exit_code == 1
    assert '0 videos extracted, 0 there before, 3 rejected (1 with nobody in it); 10 frames, 10 missed' in result.output
    listed = [json.loads(line) for line in (tmp_path / 'dumps.rejects.jsonl').read_text().splitlines()]
    assert [(reject['name'], reject['reason'].partition(': ')[2]) for reject in listed] == [
        ('a/0.mp4', 'nobody was found in any of its 10 frames'),
        ('a/empty.mp4', 'the file is empty; a video was expected'),
        ('a/text.mp4', UNREADABLE),
    ]
    again = run.invoke(app, ['extract', str(videos), str(tmp_path / 'dumps'), '--gzip'])
    assert again.exit_code == 1
    assert '0 videos extracted, 0 there before, 3 rejected (1 with nobody in it); 0 frames, 0 missed' in again.output
    (videos / 'a' / 'text.mp4').unlink()
    (videos / 'a' / 'empty.mp4').unlink()
    assert run.invoke(app, ['extract', str(videos), str(tmp_path / 'dumps')]).exit_code == 1  # packed otherwise


def test_one_video_is_named_by_its_path(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4')
    (rejected,) = extract(video, tmp_path / 'dumps', jobs=1).rejected
    assert rejected == Rejected('a.mp4', f'{video}: nobody was found in any of its 10 frames')


def test_each_video_is_counted_once(capsys: pytest.CaptureFixture[str]) -> None:
    videos = [Extracted('1', 5, 4), Extracted('2', 5, 0), Extracted('3', 5, 5, before=True), Extracted('4', 5, 5)]
    rejected = [Rejected('2', 'nobody'), Rejected('5', 'no video')]
    for summary, sentence in {
        Summary(tuple(videos), tuple(rejected)): (
            '2 videos extracted, 1 there before, 2 rejected (1 with nobody in it); 15 frames, 6 missed'
        ),
        Summary(tuple(videos[2:]), ()): '1 video extracted, 1 there before, 0 rejected; 5 frames, 0 missed',
    }.items():
        show_summary(summary)
        assert capsys.readouterr().out == f'{sentence}\n'


@posix
def test_a_crash_is_the_failure_of_one_video(tmp_path: Path) -> None:
    videos = write_tree(tmp_path / 'videos', 3)
    for video in videos.rglob('*.mp4'):
        write_video(video, range(0, 2400, 40))  # long enough to be in the middle of it

    def crash() -> None:
        for child in psutil.Process().children():
            if 'blazepose_skl.extraction.isolated' in child.cmdline():
                child.send_signal(signal.SIGSEGV)

    summary = extract(videos, tmp_path / 'dumps', jobs=1, tracker=Tracker(0, crash))
    crashed = [rejected for rejected in summary.rejected if 'ended by SIGSEGV' in rejected.reason]
    assert len(crashed) == 1
    assert re.search(r'\.mp4: the process that worked on it was ended by SIGSEGV', crashed[0].reason)
    assert done(summary) == sorted(set(names(3)) - {crashed[0].name})
    assert done(extract(videos, tmp_path / 'dumps', jobs=1)) == names(3)


@posix
def test_killed_and_started_again_it_does_what_is_missing(tmp_path: Path) -> None:
    videos, dumps = write_tree(tmp_path / 'videos'), tmp_path / 'dumps'
    assert kill_in_the_middle(videos, dumps, '') == -signal.SIGKILL
    before = stamps(dumps)
    assert 2 <= len(before) < 6
    assert not list(dumps.rglob('*.part'))
    summary = extract(videos, dumps, jobs=2)
    assert done(summary) == names()
    assert sum(video.before for video in summary.videos) == len(before)
    assert before.items() <= stamps(dumps).items()


def kill_in_the_middle(videos: Path, dumps: Path, more: str) -> int:
    """Extract, and be killed when two videos are done."""
    code = (
        'import os, signal, sys; from pathlib import Path; sys.path.insert(0, sys.argv[3])\n'
        'from blazepose_skl.extraction import Shard, extract; from test_extract import Tracker\n'
        'kill = lambda: os.kill(os.getpid(), signal.SIGKILL)\n'
        f'extract(Path(sys.argv[1]), Path(sys.argv[2]), jobs=2, tracker=Tracker(2, kill), {more})'
    )
    # The pipe is open as long as one of the processes lives: reading to its end waits for them all.
    arguments = [sys.executable, '-c', code, str(videos), str(dumps), str(Path(__file__).parent)]
    return subprocess.run(arguments, check=False, stdout=subprocess.PIPE, timeout=300).returncode


# -- several machines -------------------------------------------------------------------------------


@posix
def test_shards_of_which_one_is_killed(tmp_path: Path) -> None:
    videos, dumps = write_tree(tmp_path / 'videos', 9), tmp_path / 'dumps'
    assert kill_in_the_middle(videos, dumps, 'shard=Shard(1, 2)') == -signal.SIGKILL
    before = stamps(dumps)
    second = extract(videos, dumps, jobs=1, shard=Shard(2, 2))
    assert len(second.videos) == 4
    assert not any(video.before for video in second.videos)
    first = extract(videos, dumps, jobs=1, shard=Shard(1, 2))
    assert sum(video.before for video in first.videos) == len(before)
    assert sorted(done(first) + done(second)) == names(9)
    assert before.items() <= stamps(dumps).items()
    for shard in (first, second):
        assert len(shard.rejected) == len(shard.videos)
    assert rejects_path(dumps, Shard(1, 2)) == tmp_path / 'dumps.1-of-2.rejects.jsonl'
    assert rejects_path(dumps, Shard(1, 2)).exists()


@pytest.mark.parametrize('of', [1, 2, 5, 20])
def test_shards_are_a_partition(of: int) -> None:
    items = list(range(13))
    parts = [Shard.parse(f'{number}/{of}').of_these(items) for number in range(1, of + 1)]
    assert sorted(item for part in parts for item in part) == items


@pytest.mark.parametrize('text', ['0/3', '4/3', '1', 'a/b', '1/0', '-1/2'])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(InputError, match='is none; give i/n with i from 1 to n, as in 3/8'):
        Shard.parse(text)


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[str, Callable[[str], subprocess.Popen[bytes]]]]:
    """The address of a scheduler of dask.distributed on this machine, and what starts a worker of a name for it."""
    pytest.importorskip('distributed')
    place = tmp_path / 'scheduler.json'
    processes: list[subprocess.Popen[bytes]] = []
    with (tmp_path / 'cluster.log').open('wb') as log:

        def start(*arguments: str) -> subprocess.Popen[bytes]:
            command = [sys.executable, '-m', 'dask', *arguments, '--no-dashboard', '--scheduler-file', str(place)]
            processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path))
            return processes[-1]

        try:
            start('scheduler', '--host', '127.0.0.1', '--port', '0')
            while not (place.exists() and place.read_text()):
                assert processes[0].poll() is None, (tmp_path / 'cluster.log').read_text()
                time.sleep(0.05)
            address = json.loads(place.read_text())['address']
            yield address, lambda name: start('worker', '--nthreads', '1', '--no-nanny', '--name', name)
        finally:
            for process in processes:
                process.kill()
                process.wait()


@posix
def test_a_cluster_of_which_a_worker_is_killed(tmp_path: Path, scheduler: Any) -> None:
    address, start = scheduler
    workers = [start(name) for name in 'ab']
    videos, dumps = write_tree(tmp_path / 'videos', 8), tmp_path / 'dumps'
    (videos / 'a' / 'text.mp4').write_text('a diary')
    before: dict[str, tuple[int, int]] = {}
    children: list[Any] = []

    def kill() -> None:
        children.extend(psutil.Process(workers[0].pid).children())
        workers[0].kill()
        # What it was at is not finished behind the back of the one who does it again.
        assert not psutil.wait_procs(children, timeout=30)[1]
        before.update(stamps(dumps))

    summary = extract(videos, dumps, scheduler=address, tracker=Tracker(3, kill))
    assert len(before) >= 2
    assert done(summary) == names(8)
    assert before.items() <= stamps(dumps).items()
    assert len(summary.rejected) == 9
    assert [rejected.reason for rejected in summary.rejected if 'text' in rejected.name] == [
        f'{videos.resolve() / "a" / "text.mp4"}: {UNREADABLE}'
    ]


def test_a_scheduler_without_workers_is_said_and_waited_for(tmp_path: Path, scheduler: Any) -> None:
    address, start = scheduler
    videos, dumps, said = write_tree(tmp_path / 'videos', 1), tmp_path / 'dumps', tmp_path / 'said'
    command = [COMMAND, 'extract', str(videos), str(dumps), '--scheduler', address]
    with said.open('wb') as stderr:
        process = subprocess.Popen(command, stderr=stderr)
    while 'no worker has joined yet; waiting for one' not in said.read_text():
        assert process.poll() is None, said.read_text()
        time.sleep(0.1)
    start('late')
    process.wait(60)
    assert (dumps / 'a' / '0.json').exists(), said.read_text()


@pytest.mark.parametrize('address', ['tcp://127.0.0.1:1', '127.0.0.1', 'pigeon://127.0.0.1:1'])
def test_a_scheduler_that_does_not_answer(tmp_path: Path, address: str) -> None:
    pytest.importorskip('distributed')
    with pytest.raises(InputError, match=r'no scheduler of dask\.distributed answers: .*; give the address'):
        extract(write_tree(tmp_path / 'videos', 1), tmp_path / 'dumps', scheduler=address)


def test_a_cluster_without_distributed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'distributed', None)
    with pytest.raises(InputError, match=r"which is not here .*; pip install 'blazepose-skl\[distributed\]'"):
        extract(write_tree(tmp_path / 'videos', 1), tmp_path / 'dumps', scheduler='tcp://127.0.0.1:1')


# -- what users get wrong ---------------------------------------------------------------------------


def test_places_that_are_wrong(tmp_path: Path) -> None:
    videos = write_tree(tmp_path / 'videos', 1)
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'file').touch()
    for given, out, message in (
        (tmp_path / 'none', tmp_path / 'dumps', 'there is no such file or folder; give the folder with the videos'),
        (tmp_path / 'empty', tmp_path / 'dumps', r'no video in this folder or below it \(looked for \.3gp'),
        (videos, tmp_path / 'file', 'file: cannot be written: File exists; choose another folder'),
        (videos, tmp_path / 'file' / 'dumps', 'dumps: cannot be written: Not a directory; choose another folder'),
    ):
        with pytest.raises(InputError, match=message):
            extract(given, out)


def test_videos_that_would_have_the_same_dump(tmp_path: Path) -> None:
    """They are reported, in the shares that they are in, and the others done."""
    videos, dumps = write_tree(tmp_path / 'videos', 2), tmp_path / 'dumps'
    write_video(videos / 'a' / '0.mkv', [0])
    result = CliRunner().invoke(app, ['extract', str(videos), str(dumps), '--jobs', '1'])
    assert result.exit_code == 1
    assert [path.relative_to(dumps).as_posix() for path in dumps.rglob('*.json')] == ['b/1.json']
    reason = f'{videos}/a/0.mkv: a/0.mp4 would have the same dump a/0.json; rename one of them'
    assert f'rejected: {reason}' in result.output
    summaries = [extract(videos, dumps, jobs=1, shard=Shard(number, 2)) for number in (1, 2)]
    shown = sorted((reject.name, reject.reason) for summary in summaries for reject in summary.rejected)
    assert [name for name, _ in shown] == ['a/0.mkv', 'a/0.mp4', 'b/1.mp4']
    assert shown[0][1] == reason


@posix
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b'/\xff.mp4')).touch()
    except OSError as error:
        pytest.skip(f'such names cannot be given here: {error}')
    with pytest.raises(InputError, match=r"the name '\\udcff\.mp4' holds what is no text; rename it"):
        extract(tmp_path, tmp_path / 'dumps')


def test_the_progress_bar(tmp_path: Path) -> None:
    videos = write_tree(tmp_path / 'videos', 2)
    run = CliRunner(env=dict(FORCE_COLOR='1', COLUMNS='100'))
    output = run.invoke(app, ['extract', str(videos), str(tmp_path / 'dumps'), '--jobs', '1']).output
    assert re.search(r'20 frames, 2/2 videos', re.sub(r'\x1b\[[\d;?]*[A-Za-z]', '', output))


def test_dumps_that_were_packed_otherwise(tmp_path: Path) -> None:
    videos = write_tree(tmp_path / 'videos', 1)
    extract(videos, tmp_path / 'dumps', jobs=1)
    with pytest.raises(InputError, match=r'0\.json: there already, packed otherwise, and .*; remove it'):
        extract(videos, tmp_path / 'dumps', compress=True)


def test_settings_of_the_command(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4')
    run = CliRunner()
    how = ['--people', '2', '--detection', '0.4', '--presence', '0.3', '--tracking', '0.2', '--no-smoothing']
    run.invoke(app, ['extract', str(video), str(tmp_path / 'dumps'), *how, '--every', '5'])
    head = json.loads((tmp_path / 'dumps' / 'a.json').read_text())
    assert head['settings'] == dict(
        people=2, detection=0.4, presence=0.3, tracking=0.2, smoothing=False, every=5, fps=None
    )
    assert (head['listed'], head['fps']) == (2, 5)
    for options, message in (
        (['--every', '2', '--fps', '5'], 'one frame in 2 and 5 frames a second are different choices'),
        (['--model', 'huge'], "there is no model 'huge': it is none of lite, full, heavy and no file"),
        (['--shard', '3/2'], "shard '3/2' is none; give i/n"),
    ):
        failed = run.invoke(app, ['extract', str(video), str(tmp_path / 'other'), *options])
        assert isinstance(failed.exception, InputError)
        assert re.search(message, str(failed.exception))
    missing = run.invoke(app, ['extract', str(video)])
    assert str(missing.exception) == 'no folder for the dumps is given; write extract VIDEOS DUMPS'


def test_speed_of_the_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('blazepose_skl.models._ADDRESS', 'http://127.0.0.1:1/{stem}.task')
    run = CliRunner()
    result = run.invoke(app, ['extract', '--benchmark', str(write_video(tmp_path / 'a.mp4'))])
    assert result.exit_code == 0
    assert re.search(r'full +│ +[\d.]+ │ +[\d.]+ │ +10 ', result.output)
    for name in ('lite', 'heavy'):
        assert (f"not measured: {name}: model '{name}'" in result.output) == (locate_model(MODELS[name]) is None)
    short = run.invoke(app, ['extract', '--benchmark', str(write_video(tmp_path / 'b.mp4', [0, 40]))])
    assert re.search('too few frames to measure, 2; give a longer video', str(short.exception))


@posix
def test_nothing_runs_on(tmp_path: Path) -> None:
    extract(write_tree(tmp_path / 'videos', 2), tmp_path / 'dumps', jobs=2)
    assert not [child for child in psutil.Process().children() if 'isolated' in ' '.join(child.cmdline())]
    assert os.listdir(tmp_path / 'dumps')
