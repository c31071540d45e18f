"""One video and its dump: what convert reads from it is what MediaPipe found."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_videos import turn_video, write_video

from blazepose_skl.clips import Clip
from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.dumps.reading import read_recording
from blazepose_skl.errors import InputError
from blazepose_skl.extraction import Extracted, Job, Settings, document, extract_video
from blazepose_skl.extraction.document import read_head
from blazepose_skl.extraction.many import model_facts
from blazepose_skl.extraction.sampling import Sampling, check_sampling
from blazepose_skl.extraction.single import expected_frames
from blazepose_skl.landmarker import Landmarker
from blazepose_skl.models import MODELS, find_model, locate_model
from blazepose_skl.video import read_frames

pytest.importorskip('mediapipe')


def model_or_skip(name: str = 'full') -> Path:
    path = locate_model(MODELS[name])
    if path is None:
        pytest.skip(f"the model '{name}' is not here")
    return find_model(path)


def run(video: Path, dump: Path, model: str = 'full', **settings: Any) -> Extracted:
    path = model_or_skip(model)
    return extract_video(Job(video.name, str(video), str(dump), str(path), model_facts(path), Settings(**settings)))


def clip_of(dump: Path, **reading: Any) -> Clip:
    (source,) = find_dumps(dump)
    return read_clip(source, Reading(**reading))


def begin(video: Path, out: Path, frames: int) -> Path:
    """The first frames of a video, re-encoded: real people, short."""
    av = pytest.importorskip('av')
    with av.open(str(out), 'w') as container:
        stream = container.add_stream('libx264', rate=25, options={'crf': '12'})
        for frame in islice(read_frames(video), frames):
            if not frame.number:
                stream.height, stream.width = frame.picture.shape[:2]
                stream.pix_fmt = 'yuv420p'
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.picture, 'rgb24')))
        container.mux(stream.encode(None))
    return out


@pytest.fixture(scope='module')
def short(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    return lambda video: begin(video, tmp_path_factory.mktemp('short') / 'short.mp4', 10)


def test_convert_reads_what_mediapipe_found(real_data: Callable[[str], Path], short, tmp_path: Path) -> None:
    video = short(real_data('videos') / 'correct' / 'correct1.mp4')
    done = run(video, tmp_path / 'a.json')
    assert (done.frames, done.detected, done.before, done.note) == (10, 10, False, '')
    with Landmarker(model_or_skip()) as landmarker:
        found = [landmarker.find(frame.picture, frame.time) for frame in read_frames(video)]
    image, world = clip_of(tmp_path / 'a.json'), clip_of(tmp_path / 'a.json', coords='world')
    assert (image.size, image.fps, image.dialect) == ((640, 360), 25, 'tasks')
    pixels = np.array([poses.image[0, :, :2] for poses in found]) * (640, 360)
    np.testing.assert_allclose(image.landmarks[0], pixels, atol=1e-3)
    np.testing.assert_allclose(world.landmarks[0], [poses.world[0] for poses in found], atol=1e-6)
    np.testing.assert_allclose(image.scores[0], [poses.visibility[0] for poses in found], atol=1e-6)


def test_what_a_dump_says(tmp_path: Path) -> None:
    video = turn_video(write_video(tmp_path / 'a.mp4', size=(96, 64)), 90)
    run(video, tmp_path / 'a.json.gz', people=2, smoothing=False, detection=0.6)
    document = json.loads(gzip.decompress((tmp_path / 'a.json.gz').read_bytes()))
    head = read_head(tmp_path / 'a.json.gz')
    assert head is not None
    assert (head.video, head.video_bytes, head.video_frames) == ('a.mp4', video.stat().st_size, 10)
    assert (head.width, head.height, head.rotation, head.fps, head.video_fps) == (64, 96, 90, 25, 25)
    assert (head.model.name, head.model.sha256) == ('full', MODELS['full'].sha256)
    assert head.settings == Settings(people=2, smoothing=False, detection=0.6)
    assert (head.listed, head.detected) == (10, 0)
    assert re.fullmatch(r'blazepose-skl [\d.]+, mediapipe [\d.]+', head.program)
    assert [frame['frame'] for frame in document['frames']] == list(range(10))
    assert document['frames'][3] == dict(
        frame=3, video_frame=3, timestamp_ms=120, pose_landmarks=[], pose_world_landmarks=[]
    )


def test_the_same_video_gives_the_same_bytes(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4')
    for name in ('1.json.gz', '2.json.gz'):
        run(video, tmp_path / name)
    assert (tmp_path / '1.json.gz').read_bytes() == (tmp_path / '2.json.gz').read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {'a.mp4', '1.json.gz', '2.json.gz'}


def test_a_dump_larger_than_what_is_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = write_video(tmp_path / 'a.mp4')
    run(video, tmp_path / '1.json')
    monkeypatch.setattr(document, '_SPOOL', 100)
    run(video, tmp_path / '2.json')
    assert (tmp_path / '1.json').read_bytes() == (tmp_path / '2.json').read_bytes()


def test_several_people(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    run(real_data('videos') / 'several_people.mp4', tmp_path / 'a.json', people=3)
    (source,) = find_dumps(tmp_path / 'a.json')
    recording = read_recording(source)
    assert recording.length == 57
    assert max(np.bincount(recording.frames)) > 1
    assert clip_of(tmp_path / 'a.json', people=2).landmarks.shape[:2] == (2, 57)


# -- sampling ---------------------------------------------------------------------------------------

UNEVEN = [0, 33, 66, 200, 210, 250, 400, 700, 733, 766, 800, 1000]


def taken(times: list[float], **how: Any) -> list[tuple[int, int]]:
    sampling = Sampling(30, **how)
    places = [(number, sampling.take(time, number)) for number, time in enumerate(times)]
    return [(number, place) for number, place in places if place is not None]


def test_every_nth() -> None:
    assert taken([n / 30 for n in range(10)], every=4) == [(0, 0), (4, 1), (8, 2)]
    assert Sampling(30, every=4).fps == 7.5


@pytest.mark.parametrize('rate', [24, 25, 29.97, 30, 59.94, 120, 240])
@pytest.mark.parametrize('fps', [5, 10, 12.5, 15, 24])
def test_slots_are_filled_where_the_video_is_as_fast(rate: float, fps: float) -> None:
    sampling = Sampling(rate, fps=fps)
    places = [sampling.take(number / rate, number) for number in range(1000)]
    shown = [place for place in places if place is not None]
    assert shown == list(range(len(shown)))
    assert len(shown) == pytest.approx(1000 * fps / rate, abs=1)
    assert sampling.fps == pytest.approx(fps)


def test_slower_videos_keep_their_rate() -> None:
    sampling = Sampling(15, fps=30)
    assert [sampling.take(number / 15, number) for number in range(5)] == list(range(5))
    assert sampling.fps == 15


def test_slots_without_a_frame_stay_empty(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4', UNEVEN)
    run(video, tmp_path / 'a.json', fps=10)
    frames = json.loads((tmp_path / 'a.json').read_text())['frames']
    assert [frame['frame'] for frame in frames] == [0, 2, 4, 7, 8, 10]
    assert [frame['video_frame'] for frame in frames] == [0, 3, 6, 7, 10, 11]
    assert [frame['timestamp_ms'] for frame in frames] == pytest.approx([0, 200, 400, 700, 800, 1000], abs=1)


def test_times_are_true_where_the_rate_varies(tmp_path: Path) -> None:
    run(write_video(tmp_path / 'a.mkv', UNEVEN), tmp_path / 'a.json')
    frames = json.loads((tmp_path / 'a.json').read_text())['frames']
    assert [frame['timestamp_ms'] for frame in frames] == pytest.approx(UNEVEN, abs=1)


def test_how_many_frames_to_expect(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4')
    assert expected_frames(video, Settings()) == 10
    assert expected_frames(video, Settings(every=5)) == 2
    assert expected_frames(video, Settings(fps=5)) == 2
    assert expected_frames(tmp_path / 'none.mp4', Settings()) == 0


def test_samplings_that_make_no_sense() -> None:
    for every, fps, message in (
        (2, 5.0, 'one frame in 2 and 5 frames a second are different choices; make one of them'),
        (0, None, 'one frame in 0 cannot be taken; give a number from 1'),
        (1, 0.0, '0 frames a second cannot be taken; give a rate from 0.1 to 1000'),
    ):
        with pytest.raises(InputError, match=message):
            check_sampling(every, fps)


# -- what is there already --------------------------------------------------------------------------


def test_a_dump_that_is_there_is_left(tmp_path: Path) -> None:
    video, dump = write_video(tmp_path / 'a.mp4'), tmp_path / 'a.json'
    run(video, dump)
    before = dump.stat()
    assert run(video, dump) == Extracted('a.mp4', 10, 0, before=True)
    assert (dump.stat().st_ino, dump.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_dump_of_a_video_that_has_changed_is_made_again(tmp_path: Path) -> None:
    run(write_video(tmp_path / 'a.mp4'), tmp_path / 'a.json')
    assert not run(write_video(tmp_path / 'a.mp4', [0, 40, 80]), tmp_path / 'a.json').before
    head = read_head(tmp_path / 'a.json')
    assert head is not None
    assert head.listed == 3


def test_a_dump_with_other_settings(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4')
    run(video, tmp_path / 'a.json', detection=0.3)
    with pytest.raises(InputError, match=r'a\.json: made with detection 0\.3; give the same, another folder for dumps'):
        run(video, tmp_path / 'a.json')


def test_a_broken_dump_is_made_again(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4')
    for rubbish in (b'', b'{"format": 3', b'\x1f\x8b\x00'):
        (tmp_path / 'a.json').write_bytes(rubbish)
        assert not run(video, tmp_path / 'a.json').before


# -- videos that are not well -----------------------------------------------------------------------


def test_a_video_that_is_cut_short(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    data = (real_data('videos') / 'steps_720p.webm').read_bytes()
    (tmp_path / 'a.webm').write_bytes(data[: len(data) // 3])
    note = r'only \d+\.\d of its 12\.7 seconds could be read'
    assert re.fullmatch(note, run(tmp_path / 'a.webm', tmp_path / 'a.json', fps=1).note)
    assert re.fullmatch(note, run(tmp_path / 'a.webm', tmp_path / 'a.json', fps=1).note)


def test_a_video_without_frames_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / 'a.mp4').write_text('a diary')
    with pytest.raises(InputError, match=r'a\.mp4: not a video that OpenCV can read'):
        run(tmp_path / 'a.mp4', tmp_path / 'a.json')
    assert [path.name for path in tmp_path.iterdir()] == ['a.mp4']


# -- against a third party --------------------------------------------------------------------------


@pytest.mark.parametrize('model', ['lite', 'full', 'heavy'])
def test_it_agrees_with_the_dump_of_somebody_else(real_data: Callable[[str], Path], model: str, tmp_path: Path) -> None:
    model_or_skip(model)
    run(real_data('videos') / 'correct' / 'correct1.mp4', tmp_path / 'a.json', model)
    theirs = clip_of(real_data('pushfit_json') / 'correct' / 'correct1.json', size=(640, 360))
    ours = clip_of(tmp_path / 'a.json')
    assert ours.landmarks.shape == theirs.landmarks.shape
    # The first frames of theirs carry the track of the clip before.
    apart = np.linalg.norm((ours.landmarks - theirs.landmarks)[0, 6:] / (640, 360), axis=-1)
    assert np.nanmedian(apart) < 0.02
