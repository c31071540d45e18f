"""Skeletons, labels and contact sheets on pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

cv2 = pytest.importorskip('cv2', reason='OpenCV is absent')

from blazepose_skl.draw import Tag, black, box_of, draw_note, draw_skeleton, draw_tags, person_color
from blazepose_skl.errors import InputError
from blazepose_skl.recognition import Sight
from blazepose_skl.sheet import choose_frames, contact_sheet, write_png
from blazepose_skl.skeletons import BLAZEPOSE, ENHANCED_BLAZEPOSE, Skeleton
from blazepose_skl.synthetic import generate_clip

SIZES = [(426, 240), (1920, 1080), (3840, 2160)]


def pose(size: tuple[int, int]) -> np.ndarray:
    """Somebody who stands in the middle of a picture, (V, 2)."""
    recording = generate_clip('wave', np.random.default_rng(3), frames=4, cropped=False)
    person = recording.image[1, :, :2]
    person = (person - person.min(axis=0)) / np.ptp(person, axis=0)
    return (person * [0.3, 0.6] + [0.35, 0.3]).astype(np.float32) * np.array(size, np.float32)


def gray(size: tuple[int, int]) -> np.ndarray:
    return np.full((size[1], size[0], 3), 128, np.uint8)


def drawn(size=(640, 480), skeleton=BLAZEPOSE, score=1.0, shift=(0, 0), landmarks=None) -> np.ndarray:
    picture = gray(size)
    landmarks = pose(size) + np.float32(shift) if landmarks is None else landmarks
    draw_skeleton(picture, landmarks, np.full(len(landmarks), score, np.float32), skeleton)
    return picture


def changed(picture: np.ndarray) -> np.ndarray:
    return np.asarray((picture != 128).any(axis=2))


# -- laws -------------------------------------------------------------------------------------------


def test_nothing_is_drawn_of_what_was_not_seen() -> None:
    assert not changed(drawn(score=0)).any()
    assert not changed(drawn(landmarks=np.full((33, 2), np.nan, np.float32))).any()


@pytest.mark.parametrize('shift', [(-5000, 0), (1e7, 1e7), (-300, -250), (250, 300)])
def test_a_person_may_be_partly_or_wholly_outside(shift: tuple[float, float]) -> None:
    picture = drawn(shift=shift)
    assert changed(picture).any() == (max(map(abs, shift)) < 1000)


def test_what_lies_inside_is_drawn_alike_wherever_it_is() -> None:
    np.testing.assert_array_equal(drawn(shift=(32, 16))[16:, 32:], drawn()[:-16, :-32])


def test_joints_fade_with_their_score() -> None:
    strength = [np.abs(drawn(score=score).astype(int) - 128).sum() for score in (0.15, 0.4, 0.6, 0.9)]
    assert strength == sorted(strength)
    assert strength[0] < 0.5 * strength[-1]


@pytest.mark.parametrize('size', SIZES)
def test_the_same_share_of_a_picture_of_any_size(size: tuple[int, int]) -> None:
    share = changed(drawn(size)).mean()
    assert 0.7 < share / changed(drawn((1280, 720))).mean() < 2.2


def test_left_is_warm_and_right_is_cool() -> None:
    for side, warm in (('left', True), ('right', False)):
        landmarks = np.full((33, 2), np.nan, np.float32)
        for joint, place in (('elbow', (100, 100)), ('wrist', (300, 100))):
            landmarks[BLAZEPOSE.index(f'{side}_{joint}')] = place
        red, _, blue = drawn(landmarks=landmarks)[100, 200]
        assert (red > blue) == warm


def test_the_enhanced_skeleton_has_four_more_edges() -> None:
    landmarks = np.full((33, 2), np.nan, np.float32)
    for joint, place in (('mouth_left', (300, 100)), ('left_shoulder', (300, 300))):
        landmarks[BLAZEPOSE.index(joint)] = place
    assert not changed(drawn(landmarks=landmarks))[200, 300]
    assert changed(drawn(landmarks=landmarks, skeleton=ENHANCED_BLAZEPOSE))[200, 300]


def test_a_skeleton_of_ones_own() -> None:
    arm = Skeleton('arm', ('shoulder', 'tip'), {'tip': 'shoulder'})
    assert changed(drawn(skeleton=arm, landmarks=np.array([[100, 100], [300, 100]], np.float32)))[100, 200]


def boxes(tags: list[Tag], size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Where each tag is, seen by drawing it in a colour of its own."""
    picture = gray(size)
    draw_tags(picture, tags)
    found = []
    for tag in tags:
        blended = (128 * 0.15 + np.array(tag.color) * 0.85).astype(np.uint8)
        rows, columns = np.nonzero((picture == blended).all(axis=2))
        found.append((columns.min(), rows.min(), columns.max(), rows.max()))
    return found


@pytest.mark.parametrize('size', SIZES)
def test_tags_are_whole_and_apart(size: tuple[int, int]) -> None:
    width, height = size
    people = [(0.5, 0.5), (0.5, 0.52), (0.98, 0.01), (0.0, 0.99), (-1, 0.2)]
    tags = [
        Tag(f'action {n}', None, person_color(n), (x * width, y * height, (x + 0.1) * width, height))
        for n, (x, y) in enumerate(people)
    ]
    found = boxes(tags, size)
    for n, (left, top, right, bottom) in enumerate(found):
        assert right - left > bottom - top > 10
        for other in found[:n]:
            assert left > other[2] or other[0] > right or top > other[3] or other[1] > bottom


def test_a_long_name_is_cut_to_the_picture() -> None:
    ((left, _, right, _),) = boxes([Tag('somebody does something ' * 9, None, (9, 99, 199))], (320, 240))
    assert left < 10
    assert right < 320


@pytest.mark.parametrize('size', [(160, 120), *SIZES])
def test_a_number_stays_where_a_name_is_cut(size: tuple[int, int]) -> None:
    pictures = []
    for number in ('0.87', '0.12', '0.12'):
        pictures.append(gray(size))
        draw_tags(pictures[-1], [Tag(f'{"somebody_does_something_" * 9} {number}', None, (9, 99, 199))])
    other = (pictures[0] != pictures[1]).any(axis=(0, 2))
    assert other.any()
    assert not other[: size[0] // 2].any()  # what is before it stays as it is
    np.testing.assert_array_equal(*pictures[1:])


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('legs', [True, False])
def test_heads_are_not_covered(size: tuple[int, int], legs: bool) -> None:
    width, height = size
    # The highest joints are eyes, above which the head has 0.08 of what is from them to the feet.
    person = (0.45 * width, 0.4 * height, 0.45 * width + 0.2 * height, (0.95 if legs else 0.7) * height)
    ((_, _, _, bottom),) = boxes([Tag('walk', None, (9, 99, 199), person)], size)
    assert 0.08 * 0.55 * height < person[1] - bottom < 0.1 * height


def test_any_script_is_written() -> None:
    marks = []
    for text in ('俯卧撑', 'отжимание', 'Größe', 'ふり'):
        picture = black((320, 240))
        draw_note(picture, text)
        marks.append((picture > 200).sum())
        question = black((320, 240))
        draw_note(question, '?' * len(text))
        assert not np.array_equal(picture, question)
    assert min(marks) > 30


def test_the_bar_is_the_share() -> None:
    white = []
    for share in (1.0, 0.5, 0.25):
        picture = gray((640, 480))
        draw_tags(picture, [Tag('walk', share, (0, 0, 0))])
        white.append((picture == 255).all(axis=2).sum(axis=1))
    row = white[0].argmax()
    np.testing.assert_allclose([counts[row] / white[0][row] for counts in white], [1, 0.5, 0.25], atol=0.02)


def test_boxes_of_people() -> None:
    landmarks, scores = pose((640, 480)), np.ones(33, np.float32)
    left, top, right, bottom = box_of(landmarks, scores)
    np.testing.assert_allclose([left, top, right, bottom], [*landmarks.min(axis=0), *landmarks.max(axis=0)])
    assert box_of(landmarks, scores * 0) is None


# -- contact sheets -----------------------------------------------------------------------------------


def test_a_contact_sheet_has_a_column_for_each_frame_and_a_row_for_each_skeleton(tmp_path: Path) -> None:
    size = (640, 480)
    sights = [Sight(n / 30, pose(size)[None] + n, np.ones((1, 33), np.float32)) for n in range(20)]
    chosen = choose_frames(20, 5)
    assert chosen == sorted(set(chosen))
    pictures = [black(size) + np.uint8(10 * n) for n in range(20)]
    sheets = {
        count: contact_sheet(pictures, sights, [BLAZEPOSE, ENHANCED_BLAZEPOSE][:count], chosen) for count in (1, 2)
    }
    (high, wide), (higher, as_wide) = (sheet.shape[:2] for sheet in sheets.values())
    assert as_wide == wide
    assert higher > 1.9 * high
    assert wide > 5 * high
    # The frames follow from left to right: they get brighter.
    corners = [int(sheets[1][20, int((n + 0.5) * wide / 5), 0]) for n in range(5)]
    assert corners == sorted(corners)
    write_png(sheets[2], tmp_path / 'sheet.png')
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / 'sheet.png'))[..., ::-1], sheets[2])
    assert [path.name for path in tmp_path.iterdir()] == ['sheet.png']


# -- bad input ----------------------------------------------------------------------------------------


def test_other_joints() -> None:
    with pytest.raises(InputError, match="17 joints where 'blazepose' has 33"):
        draw_skeleton(gray((64, 48)), np.zeros((17, 2), np.float32), np.ones(17, np.float32), BLAZEPOSE)


def test_a_picture_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'nowhere/a.png: cannot be written: No such file or directory'):
        write_png(black((8, 8)), tmp_path / 'nowhere' / 'a.png')
