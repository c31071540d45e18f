"""MediaPipe's pose landmarker as a function from frames to arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.clips import FloatArray
from blazepose_skl.dumps.joints import BLAZEPOSE
from blazepose_skl.errors import InputError

__all__ = ['Landmarker', 'Poses', 'Thresholds', 'check_mediapipe']


@dataclass(frozen=True)
class Poses:
    """The people found in one frame. M people, V joints.

    Attributes:
        image: (M, V, 3) float32, x and y in fractions of the picture, depth in fractions of its width.
        world: (M, V, 3) float32, metres about the middle of the hips, y down.
        visibility: (M, V) float32, how likely a joint is in the picture and not hidden.
        presence: (M, V) float32, how likely it is in the picture.
    """

    image: FloatArray
    world: FloatArray
    visibility: FloatArray
    presence: FloatArray


@dataclass(frozen=True)
class Thresholds:
    """What MediaPipe wants to be sure of, 0 to 1: a person detected, there still, tracked from frame to frame."""

    detection: float = 0.5
    presence: float = 0.5
    tracking: float = 0.5


def check_mediapipe() -> None:
    """Nothing, if a MediaPipe with its Tasks is here.

    Raises:
        InputError: It is not.
    """
    try:
        import mediapipe.tasks.python.vision  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"people are found with MediaPipe, which is not here ({error}); pip install 'blazepose-skl[video]'"
        ) from None


class Landmarker:
    """A tracker of people for one video, with MediaPipe's Tasks in VIDEO mode, or one who looks at pictures.

    A tracker remembers: each video needs its own, or the first frames show the people of the video before.

    MediaPipe smooths landmarks over time when it looks for one person, and never when it looks for several. Without
    smoothing one person is therefore one of two: the surest at first, then whoever is nearest to the one before.

    Args:
        model: A .task file (:func:`blazepose_skl.models.find_model`).
        people: At most so many are found in a frame.
        thresholds: See there.
        smoothing: Whether landmarks are smoothed over time; of one person only.
        still: Each frame is a picture for itself, in MediaPipe's IMAGE mode: nothing is remembered or smoothed.

    Raises:
        InputError: MediaPipe is not here, or cannot use the model.
    """

    def __init__(
        self,
        model: Path,
        people: int = 1,
        thresholds: Thresholds | None = None,
        smoothing: bool = True,
        still: bool = False,
    ) -> None:
        check_mediapipe()
        import mediapipe
        from mediapipe.tasks.python import BaseOptions, vision

        thresholds = thresholds or Thresholds()
        self._still = still
        self._one_of_two = people == 1 and not smoothing and not still
        options = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)),
            running_mode=vision.RunningMode.IMAGE if still else vision.RunningMode.VIDEO,
            num_poses=2 if self._one_of_two else people,
            min_pose_detection_confidence=thresholds.detection,
            min_pose_presence_confidence=thresholds.presence,
            min_tracking_confidence=thresholds.tracking,
        )
        try:
            self._landmarker = vision.PoseLandmarker.create_from_options(options)
        except (RuntimeError, ValueError, OSError) as error:
            raise InputError(
                f'{model}: MediaPipe cannot use this model: {_first_line(error)}; give a pose landmarker .task file'
            ) from None
        self._image = mediapipe.Image
        self._format = mediapipe.ImageFormat.SRGB
        self._last = -1
        self._before: FloatArray | None = None

    def find(self, picture: NDArray[np.uint8], time: float) -> Poses:
        """The people in the next frame.

        Args:
            picture: (H, W, 3) uint8, RGB, upright.
            time: Seconds; MediaPipe counts in whole milliseconds, so that frames closer than that move apart.
        """
        self._last = max(round(time * 1000), self._last + 1)
        image = self._image(image_format=self._format, data=np.ascontiguousarray(picture))
        found = self._landmarker.detect(image) if self._still else self._landmarker.detect_for_video(image, self._last)
        poses = _poses(found.pose_landmarks, found.pose_world_landmarks)
        return self._nearest(poses) if self._one_of_two and len(poses.image) else poses

    def _nearest(self, poses: Poses) -> Poses:
        """Who is nearest to the person before."""
        chosen = 0
        if self._before is not None:
            chosen = int(np.abs(poses.image[..., :2] - self._before).mean(axis=(1, 2)).argmin())
        self._before = poses.image[chosen, :, :2]
        one = slice(chosen, chosen + 1)
        return Poses(poses.image[one], poses.world[one], poses.visibility[one], poses.presence[one])

    def close(self) -> None:
        """End MediaPipe's threads."""
        self._landmarker.close()

    def __enter__(self) -> Landmarker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _poses(people: list[Any], worlds: list[Any]) -> Poses:
    rows = [[(mark.x, mark.y, mark.z, mark.visibility, mark.presence) for mark in person] for person in people]
    image = np.array(rows, np.float32).reshape(-1, BLAZEPOSE.num_joints, 5)
    about = [[(mark.x, mark.y, mark.z) for mark in person] for person in worlds]
    return Poses(
        image=image[..., :3],
        world=np.array(about, np.float32).reshape(-1, BLAZEPOSE.num_joints, 3),
        visibility=image[..., 3],
        presence=image[..., 4],
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip('.') if str(error) else type(error).__name__
