"""A trained network on videos, dumps and pickles: its scores are the framework's, and what comes out can be opened."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('mmaction', reason='mmaction2 is absent')
pytest.importorskip('av', reason='PyAV is absent')
import av
import torch
from conftest import SHARED

from blazepose_skl.annotations import read_annotations
from blazepose_skl.cli import main
from blazepose_skl.clips import Clip
from blazepose_skl.convert import Filling
from blazepose_skl.demo import Look, draw_frame, label_live, recognize_sliding, recognize_whole
from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.errors import InputError
from blazepose_skl.evaluation import read_scores
from blazepose_skl.footage import ClipFootage, open_footage
from blazepose_skl.mmaction2.recognizer import Recognizer, load_recognizer
from blazepose_skl.recognition import Recognition, Sight, Sliding, StreamRecognizer
from blazepose_skl.synthetic import write_dumps
from blazepose_skl.videowriter import VideoWriter

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / 'configs/stgcnpp/stgcnpp_1xb16-joint-r32-40e-small_custom-blazepose.py'
COMMAND = Path(sys.executable).parent / 'blazepose-skl'
ACTIONS = ('wave', 'squat', 'march')
NARROW = ['model.backbone.base_channels=8', 'model.cls_head.in_channels=32']


@dataclass(frozen=True)
class Trained:
    """A network of three synthetic actions, and what it was trained on."""

    config: Path
    checkpoint: Path
    dumps: Path
    data: Path
    scores: Path


def run(*command: object, status: int = 0) -> str:
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert result.returncode == status, result.stdout[-2000:] + result.stderr[-5000:]
    return result.stdout + result.stderr


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp('trained')
    dumps, data, work_dir = folder / 'dumps', folder / 'data.pkl', folder / 'work'
    write_dumps(dumps, clips_per_class=6, people=3, dialect='tasks', actions=ACTIONS)
    run(COMMAND, 'convert', dumps, data, '--last', 2)
    settings = [f'ann_file={data}', 'num_classes=3', *NARROW]
    short = ['train_cfg.max_epochs=2', 'train_cfg.val_begin=2', 'train_dataloader.batch_size=4']
    train = [sys.executable, ROOT / 'tools/train.py', CONFIG, '--work-dir', work_dir, '--seed', 0]
    run(*train, '--cfg-options', *settings, *short)
    config, checkpoint, scores = work_dir / CONFIG.name, work_dir / 'epoch_2.pth', folder / 'scores.pkl'
    # The config that training left names the data and the number of classes.
    run(sys.executable, ROOT / 'tools/test.py', config, checkpoint, '--work-dir', work_dir, '--dump', scores)
    return Trained(config, checkpoint, dumps, data, scores)


@pytest.fixture(scope='module')
def recognizer(trained: Trained) -> Recognizer:
    return load_recognizer(trained.config, trained.checkpoint)


def video(name: str) -> Path:
    path = SHARED / 'videos' / name
    if not path.is_file():
        pytest.skip(f'{path} is not here')
    pytest.importorskip('mediapipe', reason='MediaPipe is absent')
    return path


@pytest.fixture(scope='module')
def model() -> Path:
    path = SHARED.parent / 'models/pose_landmarker_full.task'
    if not path.is_file():
        pytest.skip(f'{path} is not here')
    return path


def read_video(path: Path) -> tuple[list[np.ndarray], list[float]]:
    with av.open(str(path)) as file:
        frames = list(file.decode(video=0))
    return [frame.to_ndarray(format='rgb24') for frame in frames], [float(frame.time) for frame in frames]


# -- laws -------------------------------------------------------------------------------------------


def test_the_scores_are_those_of_the_framework_s_test(trained: Trained, recognizer: Recognizer) -> None:
    data = read_annotations(trained.data)
    held_out = [item for item in data['annotations'] if item['frame_dir'] in set(data['split']['val'])]
    tested = read_scores(trained.scores).scores
    assert len(tested) == len(held_out) == 6
    sources = {source.name: source for source in find_dumps(trained.dumps)}
    for annotation, expected in zip(held_out, tested, strict=True):
        name = annotation['frame_dir']
        clip = Filling().applied_to(read_clip(sources[name], Reading()))
        np.testing.assert_allclose(recognizer.classify([clip])[0], expected, atol=1e-6)
        # An entry of the pickle and the dump it is from.
        for what in (f'{trained.data}:{name}', str(trained.dumps / f'{name}.json')):
            footage = open_footage(what, Path, Reading())
            findings = recognize_whole(footage, footage.sights(), recognizer, together=False, filling=Filling())
            np.testing.assert_allclose(findings.recognitions[0].scores, expected, atol=1e-6)


def test_an_action_of_a_whole_clip_lasts_as_long_as_the_person_is_there(trained, recognizer: Recognizer) -> None:
    alone = read_clip(find_dumps(trained.dumps)[0], Reading())
    landmarks, scores = (np.concatenate([array, array]) for array in (alone.landmarks, alone.scores))
    landmarks[:, :3], landmarks[1, :10], landmarks[1, 20:] = np.nan, np.nan, np.nan
    clip = Clip(landmarks, scores, alone.skeleton, alone.size)
    first, *_, last = np.flatnonzero(~np.isnan(landmarks[0]).all(axis=(1, 2)))
    assert first >= 3
    for together, expected in ((False, [(first, last + 1), (10, 20)]), (True, [(first, last + 1)])):
        footage = ClipFootage(clip)
        found = recognize_whole(footage, footage.sights(), recognizer, together, Filling()).recognitions
        assert [(one.start, one.stop) for one in found] == expected


def test_clips_at_once_are_clips_one_by_one(trained: Trained, recognizer: Recognizer) -> None:
    clips = [Filling().applied_to(read_clip(source, Reading())) for source in find_dumps(trained.dumps)[:4]]
    one_by_one = np.concatenate([recognizer.classify([clip]) for clip in clips])
    np.testing.assert_allclose(recognizer.classify(clips), one_by_one, atol=1e-6)
    assert recognizer.classify([]).shape == (0, 3)


def test_a_window_of_a_stream_is_tested_as_that_stretch_of_the_clip(trained: Trained, recognizer: Recognizer) -> None:
    clip = read_clip(find_dumps(trained.dumps)[0], Reading())
    stream = StreamRecognizer(recognizer, clip.size, Sliding(30, 7, 1))
    found = []
    for frame in range(clip.landmarks.shape[1]):
        found += stream.add(clip.landmarks[:, frame], clip.scores[:, frame])
    assert len(found) > 2
    for recognition in found:
        stretch = slice(recognition.start, recognition.stop)
        part = Clip(clip.landmarks[:, stretch], clip.scores[:, stretch], clip.skeleton, clip.size)
        expected = recognizer.classify([Filling().applied_to(part)])[0]
        np.testing.assert_allclose(recognition.scores, expected, atol=1e-6)


def test_the_checkpoint_says_the_names_of_its_classes(recognizer: Recognizer) -> None:
    assert sorted(recognizer.classes) == sorted(ACTIONS)
    assert recognizer.frames > 20
    assert recognizer.skeleton.name == 'blazepose'


def test_pictures_keep_their_times(tmp_path: Path) -> None:
    times = [0, 0.1, 0.15, 0.4, 0.5, 0.9, 1.0]
    with VideoWriter(tmp_path / 'a.mp4', 10) as writer:
        for number, time in enumerate(times):
            writer.add(np.full((121, 161, 3), 30 * number, np.uint8), time)
    pictures, read = read_video(tmp_path / 'a.mp4')
    np.testing.assert_allclose(read, times, atol=1e-4)
    assert [round(picture.mean() / 30) for picture in pictures] == list(range(7))
    with av.open(str(tmp_path / 'a.mp4')) as file:
        stream = file.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ('h264', 'yuv420p')
    assert [path.name for path in tmp_path.iterdir()] == ['a.mp4']


@pytest.mark.parametrize('size', [(7680, 2160), (2160, 4320), (4608, 4000)])
def test_pictures_too_large_for_players_are_made_smaller(tmp_path: Path, size: tuple[int, int]) -> None:
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2] = 200
    with VideoWriter(tmp_path / 'a.mp4', 10) as writer:
        writer.add(picture, 0)
    ((written,), _) = read_video(tmp_path / 'a.mp4')
    high, wide = written.shape[:2]
    assert max(high, wide) <= 4096
    assert high * wide <= 36_864 * 256
    assert wide / high == pytest.approx(width / height, rel=0.02)
    assert written[:, : wide // 2 - 8].min() > 190
    assert written[:, wide // 2 + 8 :].max() < 10


def test_a_picture_of_4k_stays_as_large_as_it_is(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / 'a.mp4', 10) as writer:
        writer.add(np.zeros((2160, 3840, 3), np.uint8), 0)
    assert read_video(tmp_path / 'a.mp4')[0][0].shape == (2160, 3840, 3)


def test_a_video_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(KeyError), VideoWriter(tmp_path / 'a.mp4', 10) as writer:  # noqa: PT012 - the block is tested
        writer.add(np.zeros((64, 64, 3), np.uint8), 0)
        raise KeyError
    assert not list(tmp_path.iterdir())


def test_what_is_not_claimed_is_not_written(recognizer: Recognizer) -> None:
    landmarks = np.random.default_rng(0).uniform(100, 300, (1, 33, 2)).astype(np.float32)
    sight = Sight(0.0, landmarks, np.ones((1, 33), np.float32), (0,))
    claim = {0: Recognition(0, 0, 9, np.array([0.15, 0.75, 0.1], np.float32))}

    def draw(threshold: float, claims: dict[int, Recognition], side_by_side: bool = False) -> np.ndarray:
        picture = np.full((400, 400, 3), 90, np.uint8)
        return draw_frame(picture, sight, claims, recognizer, Look(threshold, side_by_side), several=False)

    np.testing.assert_array_equal(draw(0.8, claim), draw(0.8, {}))
    assert (draw(0.7, claim) != draw(0.8, claim)).any()
    both = draw(0.7, claim, side_by_side=True)
    assert both.shape == (400, 800, 3)
    np.testing.assert_array_equal(both[:, :400], draw(0.7, claim))


# -- real files ---------------------------------------------------------------------------------------


def test_a_video_is_recognised_as_its_dump(recognizer: Recognizer, model: Path, tmp_path: Path) -> None:
    """extract, convert and test give what the demo gives."""
    run(COMMAND, 'extract', video('correct/correct56.mp4'), tmp_path, '--model', model)
    (dump,) = find_dumps(tmp_path)
    expected = recognizer.classify([Filling().applied_to(read_clip(dump, Reading()))])[0]
    footage = open_footage(str(video('correct/correct56.mp4')), lambda: model, Reading())
    findings = recognize_whole(footage, footage.sights(), recognizer, together=False, filling=Filling())
    np.testing.assert_allclose(findings.recognitions[0].scores, expected, atol=1e-3)
    assert [len(sight.people) for sight in findings.sights] == [len(sight.landmarks) for sight in findings.sights]


def test_a_camera_is_recognised_as_it_goes(recognizer: Recognizer, model: Path) -> None:
    """The frames of a video in the place of a camera's, which this machine has not."""
    from blazepose_skl.landmarker import Landmarker
    from blazepose_skl.video import read_facts, read_frames

    path = video('correct/correct1.mp4')
    facts = read_facts(path)
    size = (facts.width, facts.height)
    with Landmarker(model) as landmarker:
        stream = StreamRecognizer(recognizer, size, Sliding(20, 5, 2))
        live = list(label_live(read_frames(path), landmarker, stream, Look(0.0)))
    footage = open_footage(str(path), lambda: model, Reading())
    later = StreamRecognizer(recognizer, size, Sliding(20, 5, 2))
    recognize_sliding(footage.sights(), later, footage.name)
    assert {len(new) for _, _, new in live} == {0, 1}
    assert live[-1][0].shape == (facts.height, facts.width, 3)
    assert stream.frames == later.frames == len(live)


def test_what_a_camera_showed_until_it_was_interrupted(
    trained: Trained, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first 40 frames of a video in the place of a camera's, then Ctrl-C."""
    from blazepose_skl import video as videos

    path, read_facts, read_frames = video('correct/correct1.mp4'), videos.read_facts, videos.read_frames

    def until_interrupted(_: int) -> Iterator[videos.Frame]:
        for frame in read_frames(path):
            if frame.number == 40:
                raise KeyboardInterrupt
            yield frame

    monkeypatch.setattr(videos, 'read_facts', lambda _: read_facts(path))
    monkeypatch.setattr(videos, 'read_frames', until_interrupted)
    out, segments = tmp_path / 'out.mp4', tmp_path / 'segments.csv'
    network = ['--config', trained.config, '--checkpoint', trained.checkpoint, '--model', model]
    options = ['--out', out, '--segments', segments, '--headless', '--window', 1, '--threshold', 0]
    monkeypatch.setattr(sys, 'argv', [str(word) for word in ('blazepose-skl', 'demo', 0, *network, *options)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    assert len(read_video(out)[0]) == 40
    with segments.open(newline='') as file:
        assert int(list(csv.DictReader(file))[-1]['last']) == 39


LIVE = """
import sys, time
import av
with av.open(sys.argv[1]) as file:
    pictures = [frame.to_ndarray(format='rgb24') for frame in file.decode(video=0)]
out = av.open(sys.argv[2], 'w', format='mpegts')
stream = out.add_stream('libx264', rate=25, options=dict(tune='zerolatency', preset='ultrafast', g='10'))
stream.height, stream.width = pictures[0].shape[:2]
stream.pix_fmt = 'yuv420p'
number, start = 0, time.monotonic()
while True:
    frame = av.VideoFrame.from_ndarray(pictures[number % len(pictures)], 'rgb24')
    frame.pts, number = number, number + 1
    out.mux(stream.encode(frame))
    time.sleep(max(0, start + number / 25 - time.monotonic()))
"""
# Opens the stream where a camera would be opened.
CAMERA = """
import sys
import cv2
address, real = sys.argv.pop(1), cv2.VideoCapture
cv2.VideoCapture = lambda source: real(address) if isinstance(source, int) else real(source)
from blazepose_skl.cli import main
main()
"""


@pytest.mark.skipif(not hasattr(signal, 'SIGKILL'), reason='there is no Ctrl-C of that kind here')
def test_an_endless_live_stream_until_ctrl_c(trained: Trained, model: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(('127.0.0.1', 0))
        address = f'udp://127.0.0.1:{free.getsockname()[1]}'
    out, segments, said = tmp_path / 'out.mp4', tmp_path / 'segments.csv', tmp_path / 'said'
    network = ['--config', trained.config, '--checkpoint', trained.checkpoint, '--model', model]
    options = ['--out', out, '--segments', segments, '--headless', '--window', 1, '--threshold', 0]
    command = [sys.executable, '-c', CAMERA, address, 'demo', 0, *network, *options]
    sender = subprocess.Popen([sys.executable, '-c', LIVE, str(video('correct/correct1.mp4')), address])
    try:
        with said.open('wb') as stderr:
            process = subprocess.Popen([str(word) for word in command], stderr=stderr, stdout=subprocess.PIPE)
        # The video is there when the first second of it is encoded.
        while not any(part.stat().st_size > 10_000 for part in tmp_path.glob('out.mp4.part')):
            assert process.poll() is None, said.read_text()
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    finally:
        sender.kill()
        sender.wait()
    assert process.returncode == 0, said.read_text()
    assert said.read_text() == ''
    pictures, times = read_video(out)
    assert (np.diff(times) > 0).all()
    with segments.open(newline='') as file:
        assert int(list(csv.DictReader(file))[-1]['last']) == len(pictures) - 1


@pytest.mark.parametrize('more', [[], ['--window', '1', '--stride', '0.2', '--people', '3', '--side-by-side']])
def test_a_labelled_video(trained: Trained, model: Path, tmp_path: Path, more: list[str]) -> None:
    source = video('several_people.mp4')
    out, segments = tmp_path / 'new' / 'out.mp4', tmp_path / 'segments.json'
    options = ['--config', trained.config, '--checkpoint', trained.checkpoint, '--model', model, '--headless']
    text = run(COMMAND, 'demo', source, *options, '--out', out, '--segments', segments, '--threshold', 0, *more)
    given, times = read_video(source)
    written, new_times = read_video(out)
    assert len(written) == len(given)
    np.testing.assert_allclose(np.diff(new_times), np.diff(times), atol=2e-3)
    height, width = (side + side % 2 for side in given[0].shape[:2])
    assert written[0].shape[:2] == (height, width * (1 + ('--side-by-side' in more)))
    high, wide = given[0].shape[:2]
    changes = [np.abs(new[:high, :wide].astype(int) - old).mean() for new, old in zip(written, given, strict=True)]
    assert max(changes) > 1
    found = json.loads(segments.read_text())
    assert found
    assert all(item['action'] in ACTIONS and 0 <= item['first'] <= item['last'] < len(given) for item in found)
    assert str(out) in text
    assert not list(out.parent.glob('*.part'))


def test_a_dump_and_an_entry_of_a_pickle_are_drawn_on_black(trained: Trained, tmp_path: Path) -> None:
    name = read_annotations(trained.data)['annotations'][0]['frame_dir']
    options = ['--config', trained.config, '--checkpoint', trained.checkpoint, '--threshold', 0]
    for number, what in enumerate((f'{trained.data}:{name}', trained.dumps / f'{name}.json')):
        out, segments = tmp_path / f'{number}.mp4', tmp_path / f'{number}.csv'
        run(COMMAND, 'demo', what, *options, '--out', out, '--segments', segments)
        pictures, _ = read_video(out)
        assert len(pictures) == len(read_clip(find_dumps(trained.dumps / f'{name}.json')[0], Reading()).landmarks[0])
        assert np.median(pictures[0]) < 40 < pictures[0].max()
    rows = [list(csv.DictReader((tmp_path / f'{number}.csv').open())) for number in (0, 1)]
    assert rows[0] == rows[1]


def test_a_contact_sheet(trained: Trained, tmp_path: Path) -> None:
    dump = next(trained.dumps.rglob('*.json'))
    run(COMMAND, 'contact-sheet', dump, tmp_path / 'sheet.png', '--frames', 4)
    assert (tmp_path / 'sheet.png').stat().st_size > 10_000


def test_standard_error_holds_our_sentences_only(trained: Trained, model: Path, tmp_path: Path) -> None:
    """A video that is cut short, on a machine without a screen."""
    whole = video('steps_720p.webm').read_bytes()
    cut = tmp_path / 'cut.webm'
    cut.write_bytes(whole[: len(whole) // 6])
    command = [COMMAND, 'demo', cut, '--config', trained.config, '--checkpoint', trained.checkpoint, '--model', model]
    environment = {key: value for key, value in os.environ.items() if key not in ('DISPLAY', 'WAYLAND_DISPLAY')}
    result = subprocess.run(
        [str(word) for word in [*command, '--segments', tmp_path / 'a.csv']],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert result.returncode == 0, result.stderr
    warning, screen = result.stderr.splitlines()
    assert re.fullmatch(rf'{cut}: only \d\.\d of its 12\.7 seconds could be read', warning)
    if sys.platform == 'linux':
        assert screen == 'no screen here, so no window is opened; --headless says so'


@pytest.mark.skipif(not shutil.which('Xvfb') or not shutil.which('xdotool'), reason='Xvfb or xdotool is not here')
@pytest.mark.parametrize('action', [('key', 'q'), ('windowquit',)])
def test_a_window_until_it_is_closed(trained: Trained, tmp_path: Path, action: tuple[str, ...]) -> None:
    """A dump, drawn in a window on a screen that nobody sees; what is drawn later is still written."""
    dump = next(iter(sorted(trained.dumps.rglob('*.json'))))
    reading, writing = os.pipe()
    screen = subprocess.Popen(['Xvfb', '-displayfd', str(writing), '-screen', '0', '1600x1200x24'], pass_fds=[writing])
    os.close(writing)
    try:
        with os.fdopen(reading) as file:
            environment = {**os.environ, 'DISPLAY': f':{file.readline().strip()}', 'QT_QPA_PLATFORM': 'xcb'}
        environment.pop('WAYLAND_DISPLAY', None)
        command = [COMMAND, 'demo', dump, '--config', trained.config, '--checkpoint', trained.checkpoint]
        demo = subprocess.Popen(
            [str(word) for word in [*command, '--out', tmp_path / 'a.mp4']],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        xdotool = ['xdotool', 'search', '--sync', '--onlyvisible', '--name', 'blazepose-skl']
        subprocess.run([*xdotool, 'windowfocus', *action], env=environment, check=True, timeout=120)
        _, said = demo.communicate(timeout=120)
    finally:
        screen.kill()
        screen.wait()
    assert (demo.returncode, said) == (0, '')
    assert len(read_video(tmp_path / 'a.mp4')[0]) == len(read_clip(find_dumps(dump)[0], Reading()).landmarks[0])


# -- bad input: one sentence, and nothing is written ----------------------------------------------------------


@pytest.fixture
def demo(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command in this process and gives its sentence."""

    def run_demo(what: object = None, **changes: object) -> str:
        options = dict(config=trained.config, checkpoint=trained.checkpoint, out=tmp_path / 'out' / 'out.mp4') | changes
        name = read_annotations(trained.data)['annotations'][0]['frame_dir']
        words = [part for key, value in options.items() if value is not None for part in (f'--{key}', value)]
        words = [str(word) for word in words if word is not True]
        monkeypatch.setattr(sys, 'argv', ['blazepose-skl', 'demo', str(what or f'{trained.data}:{name}'), *words])
        with pytest.raises(SystemExit) as stop:
            main()
        assert stop.value.code == 1
        assert not list((tmp_path / 'out').glob('*'))
        lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith('blazepose-skl: ')]
        assert len(lines) == 1
        return lines[0]

    (tmp_path / 'out').mkdir()
    return run_demo


def changed_config(trained: Trained, folder: Path, old: str, new: str) -> Path:
    text = trained.config.read_text()
    assert old in text
    path = folder / 'changed.py'
    path.write_text(text.replace(old, new))
    return path


@pytest.mark.parametrize(
    ('old', 'new', 'sentence'),
    [
        (
            "layout='blazepose'",
            "layout='enhanced_blazepose'",
            "graph_cfg.layout = 'blazepose' instead of the 'enhanced",
        ),
        (
            "'j'",
            "'b'",
            "feats.0 = 'j' instead of the 'b' of",
        ),
        ('length=32', 'length=64', 'length = 32 instead of the 64 of'),
        ('base_channels=8', 'base_channels=16', 'base_channels = 8 instead of the 16 of'),
        ('num_classes = 3', 'num_classes = 4', 'epoch_2.pth: 3 classes where .*changed.py has 4; give the config'),
        (
            "type='PoseDataset'",
            "type='VideoDataset'",
            'changed.py: not a config of a skeleton network: it needs a model',
        ),
        (
            "type='RecognizerGCN'",
            "type='RecognizerGNC'",
            "model.type = 'RecognizerGCN' instead of the 'RecognizerGNC' of",
        ),
        ('model = dict(', 'model = dict((', r'changed.py: not a config that can be read \(SyntaxError'),
    ],
)
def test_a_config_that_is_not_the_checkpoint_s(trained, demo, tmp_path, old, new, sentence) -> None:
    said = demo(config=changed_config(trained, tmp_path, old, new))
    assert re.search(sentence, said), said


def weights(trained: Trained) -> dict:
    import blazepose_skl.mmaction2  # noqa: F401 - lets the checkpoint be read

    return torch.load(trained.checkpoint, weights_only=True)


def test_a_checkpoint_without_its_recipe_is_known_by_its_weights(trained, demo, tmp_path) -> None:
    state = weights(trained)['state_dict']
    path = tmp_path / 'bare.pth'
    torch.save(state, path)
    assert load_recognizer(trained.config, path).classes == ('0', '1', '2')
    misspelt = changed_config(trained, tmp_path, "type='RecognizerGCN'", "type='RecognizerGNC'")
    assert re.search(r'changed.py: .*RecognizerGNC is not in the .*registry', demo(config=misspelt, checkpoint=path))
    state.pop('backbone.gcn.3.gcn.conv.weight')
    torch.save(state, path)
    assert 'gcn.3.gcn.conv.weight is missing in it and' in demo(checkpoint=path)
    torch.save({'state_dict': {'backbone.x': torch.zeros(3)}}, path)
    assert 'bare.pth: no weights of a classification head in it; give a checkpoint of a recogniser' in demo(
        checkpoint=path
    )


@pytest.mark.parametrize('graph', ['enhanced_blazepose', 'blazepose_tree'])
def test_a_graph_of_another_skeleton_of_as_many_joints(trained, demo, tmp_path, graph) -> None:
    """ST-GCN keeps its graph beside the weights, where one skeleton's fits the other's place."""
    from mmaction.registry import MODELS
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    config = ROOT / 'configs/stgcn/stgcn_1xb16-joint-r32-40e-small_custom-blazepose.py'
    settings = Config.fromfile(config)
    init_default_scope('mmaction')
    settings.model.cls_head.num_classes = 3
    settings.model.backbone.graph_cfg.layout = graph
    path = tmp_path / 'stgcn.pth'
    torch.save(dict(state_dict=MODELS.build(settings.model).state_dict()), path)
    assert 'stgcn.pth: trained on another graph than that of' in demo(config=config, checkpoint=path)


def test_a_checkpoint_that_is_none(trained, demo, tmp_path) -> None:
    path = tmp_path / 'a.pth'
    assert f'{path}: no such checkpoint' in demo(checkpoint=path)
    path.write_bytes(b'no checkpoint at all')
    assert f'{path}: the checkpoint was not loaded: it is damaged' in demo(checkpoint=path)
    path.write_bytes(trained.checkpoint.read_bytes()[:5000])
    assert f'{path}: the checkpoint was not loaded: it is damaged' in demo(checkpoint=path)
    torch.save([1, 2], path)
    assert f'{path}: no weights in it; give a checkpoint that training saved' in demo(checkpoint=path)


def test_names_of_classes_that_do_not_fit(trained, demo, tmp_path) -> None:
    (tmp_path / 'names.txt').write_text('sit\nstand\n')
    assert '2 class names where' in demo(classes=tmp_path / 'names.txt')
    assert load_recognizer(trained.config, trained.checkpoint, classes=list('abc')).classes == ('a', 'b', 'c')


@pytest.mark.parametrize(
    ('changes', 'sentence'),
    [
        (
            dict(config='nowhere.py'),
            'nowhere.py: no such config file; `blazepose-skl configs` lists those that come with us',
        ),
        (dict(out='/proc/nowhere/a.mp4'), '/proc/nowhere/a.mp4: cannot be written: No such file or directory'),
        (dict(out='a.avi'), 'a.avi: its name must end in .mp4; name the file to write so'),
        (dict(segments='a.txt'), 'a.txt: its name must end in .json or .csv'),
        (dict(out=None, headless=True), 'nothing would come of it: give --out, --segments or a window'),
        (dict(whole=True, window=3), '--whole and --window: a video is looked at as a whole or through a window'),
        (dict(device='banana'), "device 'banana': not to be had from PyTorch here"),
        (dict(missed='guess'), "--missed 'guess' is not one of interpolate, hold, zero, drop"),
    ],
)
def test_options_that_cannot_be(demo, changes, sentence) -> None:
    assert sentence in demo(**changes)


def test_what_is_read_is_not_written_over(trained, demo, tmp_path) -> None:
    dump = Path(shutil.copy(next(iter(sorted(trained.dumps.rglob('*.json')))), tmp_path / 'dump.json'))
    before = dump.read_bytes()
    assert 'dump.json: is the input itself, which would be lost; give another' in demo(dump, segments=dump)
    assert dump.read_bytes() == before


def test_an_input_that_is_not_there(trained, demo, tmp_path, model) -> None:
    pytest.importorskip('mediapipe', reason='MediaPipe is absent')
    assert 'camera 97: there is none that can be opened; cameras are counted from 0' in demo(97, model=model)
    assert '--whole: a camera has no end; give --window' in demo('0', whole=True)
    (tmp_path / 'text.mp4').write_text('not a video')
    assert 'text.mp4: not a video that OpenCV can read' in demo(tmp_path / 'text.mp4')
    assert 'nowhere.mp4: cannot be read: No such file or directory' in demo(tmp_path / 'nowhere.mp4')
    assert 'data.pkl: one of its clips is wanted; write' in demo(trained.data)
    assert "no clip 'run/1' in it; write" in demo(f'{trained.data}:run/1')
    assert 'is a folder; give one video or dump' in demo(trained.dumps)


def test_a_video_with_nobody(demo, tmp_path, model) -> None:
    pytest.importorskip('mediapipe', reason='MediaPipe is absent')
    empty = tmp_path / 'empty.mp4'
    with VideoWriter(empty, 10) as writer:
        for number in range(12):
            writer.add(np.full((120, 160, 3), 100, np.uint8), number / 10)
    assert 'empty.mp4: nobody was found in any of its 12 frames' in demo(empty, model=model)
    assert 'empty.mp4: nobody was found in any of its 12 frames' in demo(empty, model=model, window=0.5)


def test_a_sheet_of_nobody(tmp_path: Path, model: Path) -> None:
    pytest.importorskip('mediapipe', reason='MediaPipe is absent')
    with VideoWriter(tmp_path / 'empty.mp4', 10) as writer:
        for number in range(12):
            writer.add(np.full((120, 160, 3), 100, np.uint8), number / 10)
    said = run(COMMAND, 'contact-sheet', tmp_path / 'empty.mp4', tmp_path / 'a.png', '--model', model, status=1)
    sentence = 'nobody was found in any of its 12 frames, so there is no sheet'
    assert said == f'blazepose-skl: {tmp_path}/empty.mp4: {sentence}\n'
    assert not list(tmp_path.glob('*.png'))


def test_a_clip_of_other_joints(trained: Trained, recognizer: Recognizer, tmp_path: Path) -> None:
    import pickle

    clip = dict(
        frame_dir='a',
        label=0,
        img_shape=(480, 640),
        total_frames=4,
        keypoint=np.ones((1, 4, 17, 2), np.float32),
        keypoint_score=np.ones((1, 4, 17), np.float32),
    )
    (tmp_path / 'coco.pkl').write_bytes(pickle.dumps(dict(annotations=[clip])))
    footage = open_footage(f'{tmp_path}/coco.pkl:a', Path, Reading())
    with pytest.raises(InputError, match=r"coco.pkl:a: 17 joints where 'blazepose' of the network has 33"):
        recognize_whole(footage, footage.sights(), recognizer, together=False, filling=Filling())
    clip['keypoint'] = np.ones((1, 4, 17, 3), np.float32)
    (tmp_path / 'coco.pkl').write_bytes(pickle.dumps(dict(annotations=[clip])))
    with pytest.raises(InputError, match=r'coco.pkl:a: it has landmarks about the body; only those in the picture can'):
        open_footage(f'{tmp_path}/coco.pkl:a', Path, Reading())


# -- from end to end ------------------------------------------------------------------------------------


def test_videos_to_a_labelled_video(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Extract, convert, train, demo, on four of the twelve push-up videos; by hand it is run on all of them."""
    for name in ('correct/correct56.mp4', 'correct/correct82.mp4', 'wrong/wrong52.mp4', 'wrong/wrong53.mp4'):
        (tmp_path / 'videos' / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(video(name), tmp_path / 'videos' / name)
    monkeypatch.setenv('PATH', f'{COMMAND.parent}{os.pathsep}{os.environ["PATH"]}')
    work_dir = tmp_path / 'work'
    short = ['--epochs', 3, *(word for option in NARROW for word in ('--cfg-options', option))]
    script = [sys.executable, ROOT / 'tools/video_quickstart.py', tmp_path / 'videos', '--work-dir', work_dir]
    run(*script, '--hold-out', 'wrong/wrong53.mp4', '--model', model, *short)
    pictures, _ = read_video(work_dir / 'labelled.mp4')
    assert len(pictures) == len(read_video(video('wrong/wrong53.mp4'))[0])
    assert all(item['action'] in ('correct', 'wrong') for item in json.loads((work_dir / 'segments.json').read_text()))
    data = read_annotations(work_dir / 'data.pkl')
    assert data['split']['val'] == ['wrong/wrong53']
    assert len(data['split']['train']) == 3
