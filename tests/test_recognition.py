"""The sliding window: what it looks at, whom it takes for whom, what it claims."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blazepose_skl.clips import Clip
from blazepose_skl.convert import Filling
from blazepose_skl.errors import InputError
from blazepose_skl.recognition import EVERYBODY, Recognition, Sliding, StreamRecognizer
from blazepose_skl.segments import find_segments, lay_out, write_segments
from blazepose_skl.skeletons import BLAZEPOSE, Skeleton

SIZE = (640, 480)
BODY = np.random.default_rng(0).uniform(-50, 50, (33, 2)).astype(np.float32)


@dataclass
class ByPlace:
    """A classifier: left, middle or right third of the picture, by the mean of all that it is shown."""

    skeleton: Skeleton = BLAZEPOSE
    classes: tuple[str, ...] = ('left', 'middle', 'right')
    shown: list[Clip] = field(default_factory=list)

    def classify(self, clips: Sequence[Clip]) -> np.ndarray:
        self.shown += clips
        places = [np.nanmean(clip.landmarks[..., 0]) / SIZE[0] for clip in clips]
        return np.stack([np.exp(-((np.array([1, 3, 5]) / 6 - place) ** 2) * 20) for place in places]).astype(np.float32)


def run(stream: StreamRecognizer, *people: Sequence[float | None]) -> list[Recognition]:
    """What is recognised of people who are at these places, frame by frame; None where somebody is not seen."""
    found = []
    for places in zip(*people, strict=True):
        bodies = [BODY + np.float32([x, 240]) for x in places if x is not None]
        landmarks = np.array(bodies, np.float32).reshape(-1, 33, 2)
        found += stream.add(landmarks, np.ones(landmarks.shape[:2], np.float32))
    return found + stream.finish()


# -- laws -------------------------------------------------------------------------------------------


@given(
    frames=st.integers(1, 60),
    length=st.integers(1, 20),
    stride=st.integers(1, 20),
    seen=st.lists(st.booleans(), min_size=60, max_size=60),
)
@settings(max_examples=60, deadline=None)
def test_a_window_is_a_clip_of_its_own(frames: int, length: int, stride: int, seen: list[bool]) -> None:
    """What is classified is what the converter makes of that stretch of the video."""
    walk = [200.0 + 3 * frame if there else None for frame, there in enumerate(seen[:frames])]
    classifier, sliding = ByPlace(), Sliding(max(length, stride), min(length, stride), 1)
    found = run(StreamRecognizer(classifier, SIZE, sliding), walk)
    assert len(found) == len(classifier.shown)
    whole = np.stack([np.full((33, 2), np.nan) if x is None else BODY + np.float32([x, 240]) for x in walk]).astype(
        np.float32
    )
    for recognition, clip in zip(found, classifier.shown, strict=True):
        part = whole[None, recognition.start : recognition.stop]
        scores = np.where(np.isnan(part).any(-1), 0, 1).astype(np.float32)
        cut = Filling().applied_to(Clip(part, scores, 'blazepose', SIZE))
        np.testing.assert_array_equal(clip.landmarks, cut.landmarks)
        np.testing.assert_array_equal(clip.scores, cut.scores)
        assert recognition.stop - recognition.start <= sliding.length


def test_windows_come_at_their_strides_and_at_the_end() -> None:
    found = run(StreamRecognizer(ByPlace(), SIZE, Sliding(10, 4, 1)), [300.0] * 25)
    assert [(r.start, r.stop) for r in found] == [(0, 10), (4, 14), (8, 18), (12, 22), (15, 25)]
    assert [(r.start, r.stop) for r in run(StreamRecognizer(ByPlace(), SIZE, Sliding(10, 4)), [300.0] * 5)] == [(0, 5)]


def test_smoothing_is_the_mean_of_the_last_windows() -> None:
    walk = [float(20 * frame) for frame in range(30)]
    alone = run(StreamRecognizer(ByPlace(), SIZE, Sliding(6, 3, 1)), walk)
    smooth = run(StreamRecognizer(ByPlace(), SIZE, Sliding(6, 3, 3)), walk)
    for n, recognition in enumerate(smooth):
        last = alone[max(0, n - 2) : n + 1]
        np.testing.assert_allclose(recognition.scores, np.mean([r.scores for r in last], axis=0), rtol=1e-6)
        assert (recognition.start, recognition.stop) == (last[0].start, last[-1].stop)


def test_each_person_by_name() -> None:
    stream = StreamRecognizer(ByPlace(), SIZE, Sliding(8, 4, 1), people=2)
    found = run(stream, [100.0] * 20, [540.0] * 20)
    assert {r.person: stream.classifier.classes[r.best] for r in found} == {0: 'left', 1: 'right'}


def test_together_is_one_clip_of_all() -> None:
    classifier = ByPlace()
    stream = StreamRecognizer(classifier, SIZE, Sliding(8, 4, 1), people=2, together=True)
    found = run(stream, [100.0] * 20, [540.0] * 20)
    assert {r.person for r in found} == {EVERYBODY}
    assert {clip.landmarks.shape[:2] for clip in classifier.shown} == {(2, 8)}


def test_who_is_hardly_there_is_not_recognised() -> None:
    stream = StreamRecognizer(ByPlace(), SIZE, Sliding(10, 5, 1), people=2)
    found = run(stream, [100.0] * 20, [540.0] * 4 + [None] * 16)
    assert {r.person for r in found} == {0}
    assert not run(StreamRecognizer(ByPlace(), SIZE, Sliding(10, 5)), [None] * 40)


def test_nothing_is_said_of_who_has_gone() -> None:
    stream = StreamRecognizer(ByPlace(), SIZE, Sliding(10, 5, 3))
    run(stream, [100.0] * 20)
    assert stream.latest
    run(stream, [None] * 20)
    assert not stream.latest


def test_who_comes_back_begins_anew() -> None:
    found = run(StreamRecognizer(ByPlace(), SIZE, Sliding(10, 5, 3)), [50.0] * 20 + [None] * 20 + [600.0] * 20)
    back = next(r for r in found if r.stop > 45)
    assert back.start >= 30


def test_people_who_are_known_are_not_linked() -> None:
    stream = StreamRecognizer(ByPlace(), SIZE, Sliding(4, 2, 1), people=2)
    found = []
    for frame in range(8):
        landmarks = np.stack([BODY + np.float32([x, 240]) for x in (100 + 400 * (frame % 2), 300)])
        found += stream.add(landmarks, np.ones((2, 33), np.float32), people=[7, 3])
    assert {r.person for r in found} == {3, 7}


def test_memory_does_not_grow() -> None:
    classifier = ByPlace()
    stream = StreamRecognizer(classifier, SIZE, Sliding(30, 5, 3), people=2)
    rng = np.random.default_rng(0)

    def frames(count: int) -> int:
        for _ in range(count):
            landmarks = np.stack([BODY + np.float32([x, 240]) for x in rng.uniform(0, 640, 2)])
            stream.add(landmarks, np.ones((2, 33), np.float32))
        classifier.shown.clear()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        first = frames(300)
        assert frames(3000) < first + 20_000
    finally:
        tracemalloc.stop()


# -- segments -----------------------------------------------------------------------------------------


@given(frames=st.integers(1, 200), length=st.integers(1, 40), stride=st.integers(1, 40), smoothing=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_every_frame_is_said_something_about_once(frames: int, length: int, stride: int, smoothing: int) -> None:
    sliding = Sliding(max(length, stride), min(length, stride), smoothing)
    found = lay_out(run(StreamRecognizer(ByPlace(), SIZE, sliding), [300.0] * frames), sliding.stride)
    covered = [frame for recognition in found for frame in range(recognition.start, recognition.stop)]
    assert covered == list(range(frames))


def test_a_change_is_found_where_it_is() -> None:
    walk = [100.0] * 60 + [540.0] * 60
    sliding = Sliding(20, 4, 1)
    found = lay_out(run(StreamRecognizer(ByPlace(), SIZE, sliding), walk), sliding.stride)
    segments = find_segments(found, ByPlace().classes, 0.9, [frame / 30 for frame in range(120)])
    left, right = (segment for segment in segments if segment.action != 'middle')
    assert (left.action, right.action) == ('left', 'right')
    assert (left.first, right.last) == (0, 119)
    assert left.last == pytest.approx(59, abs=10)
    assert right.first == pytest.approx(60, abs=10)
    assert (left.start, right.stop) == (0, pytest.approx(4, abs=1e-3))


def test_a_gap_parts_segments() -> None:
    sliding = Sliding(10, 5, 1)
    found = run(StreamRecognizer(ByPlace(), SIZE, sliding), [100.0] * 30 + [None] * 40 + [100.0] * 30)
    times = [frame / 30 for frame in range(100)]
    assert len(find_segments(lay_out(found, 5), ByPlace().classes, 0.1, times)) == 2


def test_nothing_is_claimed_below_the_threshold() -> None:
    found = [Recognition(0, 0, 10, np.array([0.6, 0.4], np.float32))]
    times = [frame / 10 for frame in range(10)]
    assert [s.score for s in find_segments(found, 'ab', 0.6, times)] == [0.6]
    assert not find_segments(found, 'ab', 0.61, times)


def test_segments_as_json_and_csv_say_the_same(tmp_path: Path) -> None:
    found = [Recognition(0, 0, 6, np.array([0.6, 0.4], np.float32)), Recognition(1, 2, 6, np.array([0.1, 0.9]))]
    segments = find_segments(found, ['sit, then stand', 'уход'], 0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5])
    write_segments(segments, tmp_path / 'a.json')
    write_segments(segments, tmp_path / 'a.csv')
    listed = json.loads((tmp_path / 'a.json').read_text(encoding='utf-8'))
    with open(tmp_path / 'a.csv', encoding='utf-8', newline='') as file:
        rows = list(csv.DictReader(file))
    assert [{key: str(value) for key, value in item.items()} for item in listed] == rows
    assert listed[1] == dict(person=1, action='уход', score=0.9, first=2, last=5, start=0.2, stop=0.6)


# -- bad input ----------------------------------------------------------------------------------------


def test_a_window_that_leaves_frames_out() -> None:
    with pytest.raises(InputError, match='a window of 5 frames every 6, 1 averaged; each is at least 1 and the step'):
        Sliding(5, 6, 1)


def test_more_people_than_announced() -> None:
    with pytest.raises(InputError, match='frame 0: 2 people where 1 were announced'):
        run(StreamRecognizer(ByPlace(), SIZE), [1.0], [2.0])


@pytest.mark.parametrize(
    ('landmarks', 'scores', 'sentence'),
    [
        (np.zeros((33, 2)), np.ones(33), r'landmarks \(33, 2\) and scores \(33,\) where people, the 33 joints of '),
        (np.zeros((1, 33, 1)), np.ones((1, 33)), r'landmarks \(1, 33, 1\) .* and 2 or 3 coordinates were expected'),
        (np.zeros((1, 33, 2)), np.ones((1, 33, 1)), r'landmarks \(1, 33, 2\) and scores \(1, 33, 1\) where'),
        (np.full((1, 33, 2), '1'), np.ones((1, 33)), 'landmarks of <U1 and scores of float64 where numbers were'),
        (np.full((1, 33, 2), None), np.ones((1, 33)), 'landmarks of object and scores of float64 where numbers'),
        ([[[1, 2], [1]]], np.ones((1, 33)), 'landmarks and scores that are no arrays'),
        (np.full((1, 33, 2), np.inf), np.ones((1, 33)), 'a number is infinite, or a score is none; landmarks are NaN'),
        (np.zeros((1, 33, 2)), np.full((1, 33), np.nan), 'a number is infinite, or a score is none; landmarks are NaN'),
    ],
)
def test_what_is_no_frame_of_landmarks_is_refused_at_once(landmarks, scores, sentence) -> None:
    stream = StreamRecognizer(ByPlace(), SIZE)
    with pytest.raises(InputError, match=f'frame 0: {sentence}'):
        stream.add(landmarks, scores)
    assert stream.frames == 0


def test_frames_that_do_not_fit_those_before() -> None:
    stream = StreamRecognizer(ByPlace(), SIZE)
    stream.add(np.zeros((1, 33, 3)), np.ones((1, 33)))
    with pytest.raises(InputError, match=r'frame 1: landmarks \(1, 33, 2\) .* and 3 coordinates were expected'):
        stream.add(np.zeros((1, 33, 2)), np.ones((1, 33)))
    with pytest.raises(InputError, match='frame 1: 1 people where 2 are named'):
        stream.add(np.zeros((1, 33, 3)), np.ones((1, 33)), people=[0, 1])


def test_who_has_no_joint_is_not_there() -> None:
    stream = StreamRecognizer(ByPlace(), SIZE, Sliding(4, 2))
    for _ in range(8):
        assert not stream.add(np.full((1, 33, 2), np.nan), np.zeros((1, 33)))
    assert stream.sight(0).people == ()


@pytest.mark.parametrize(
    'picture', [np.zeros((480, 641, 3), np.uint8), np.zeros((480, 640), np.uint8), np.zeros((480, 640, 3))]
)
def test_a_picture_that_is_not_of_the_stream(picture: np.ndarray) -> None:
    with pytest.raises(InputError, match=r'frame 0: a picture .* where \(480, 640, 3\) of uint8 was expected'):
        StreamRecognizer(ByPlace(), SIZE).add_picture(picture, 0.0, None)  # type: ignore[arg-type]


def test_other_joints() -> None:
    with pytest.raises(InputError, match=r'frame 0: landmarks \(1, 17, 2\) and scores \(1, 17\) where people, the 33'):
        StreamRecognizer(ByPlace(), SIZE).add(np.zeros((1, 17, 2), np.float32), np.zeros((1, 17), np.float32))
