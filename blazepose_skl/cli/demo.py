"""``blazepose-skl demo``."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from blazepose_skl.cli.app import app, one_of
from blazepose_skl.cli.quiet import quiet_libraries
from blazepose_skl.errors import InputError

if TYPE_CHECKING:
    from blazepose_skl.convert import Filling
    from blazepose_skl.demo import Findings, Look
    from blazepose_skl.draw import Picture
    from blazepose_skl.footage import Footage
    from blazepose_skl.mmaction2.recognizer import Recognizer
    from blazepose_skl.onnxmodel import OnnxRecognizer
    from blazepose_skl.recognition import Recognition, Sliding
    from blazepose_skl.skeletons import Skeleton

__all__ = ['bar', 'class_names', 'demo', 'import_framework', 'open_input']

T = TypeVar('T')

_NETWORK = 'The network'
_TIME = 'Over time'
_PEOPLE = 'Who is looked at'
# Seconds: what is longer has more than one action in it.
_SHORT = 10.0
# Of the window.
_TITLE = 'blazepose-skl'
# Seconds, where the checkpoint does not say how long its clips were.
_WINDOW = 2.0


@app.command()
@quiet_libraries()
def demo(
    input: Annotated[
        str, typer.Argument(help='A video, the number of a camera, a dump, or FILE.pkl:CLIP (the latter on black).')
    ],
    config: Annotated[
        Path | None,
        typer.Option(help='The config; training leaves it in its work directory.', rich_help_panel=_NETWORK),
    ] = None,
    checkpoint: Annotated[Path | None, typer.Option(help='What training saved.', rich_help_panel=_NETWORK)] = None,
    network: Annotated[
        Path | None, typer.Option(help='An .onnx file of export, in the place of both.', rich_help_panel=_NETWORK)
    ] = None,
    classes: Annotated[
        Path | None,
        typer.Option(
            help='The class names, one in each line, or a pickle that has them; without it those in the checkpoint.',
            rich_help_panel=_NETWORK,
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="PyTorch's; without it cuda if it is there.", rich_help_panel=_NETWORK)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help='The video to write, .mp4 (H.264), at most 4096 pixels wide or high.')
    ] = None,
    segments: Annotated[
        Path | None, typer.Option(help='Who did what from when to when, as .json or .csv, in seconds and frames.')
    ] = None,
    side_by_side: Annotated[
        bool,
        typer.Option(
            '--side-by-side',
            help='Draw the skeletons alone beside the picture; of 4K both are made about half as large.',
        ),
    ] = False,
    headless: Annotated[bool, typer.Option('--headless', help='Open no window.')] = False,
    whole: Annotated[
        bool,
        typer.Option(
            '--whole',
            help='One action in all of it, however long; so it is taken anyway up to ten seconds, without --window.',
            rich_help_panel=_TIME,
        ),
    ] = False,
    window: Annotated[
        float | None,
        typer.Option(
            help='Seconds that are looked at at once; without it as long as the training clips usually were.',
            min=0.05,
            rich_help_panel=_TIME,
        ),
    ] = None,
    stride: Annotated[
        float | None,
        typer.Option(help='Seconds from window to window; without it a sixth of it.', min=0.001, rich_help_panel=_TIME),
    ] = None,
    smoothing: Annotated[
        int, typer.Option(help='So many windows are averaged; 1 for none.', min=1, rich_help_panel=_TIME)
    ] = 3,
    threshold: Annotated[
        float, typer.Option(help='Nothing is claimed below this score.', min=0, max=1, rich_help_panel=_TIME)
    ] = 0.5,
    missed: Annotated[
        str,
        typer.Option(help='Frames in which nobody was found, as convert was told.', rich_help_panel=_TIME),
    ] = 'interpolate',
    max_gap: Annotated[int, typer.Option(help='Likewise.', rich_help_panel=_TIME)] = 15,
    people: Annotated[
        int, typer.Option(help='People at once, at most; each gets a label.', min=1, rich_help_panel=_PEOPLE)
    ] = 1,
    together: Annotated[
        bool,
        typer.Option('--together', help='One label for all, for actions between people.', rich_help_panel=_PEOPLE),
    ] = False,
    model: Annotated[
        str, typer.Option(help="MediaPipe's: lite, full, heavy or the path of a .task file.", rich_help_panel=_PEOPLE)
    ] = 'full',
) -> None:
    """Draw skeletons, actions and their scores on a video.

    Long videos are looked at through a sliding window. A camera runs until q is pressed, its window closed, or Ctrl-C.
    """
    from blazepose_skl.convert import Filling
    from blazepose_skl.demo import Look
    from blazepose_skl.footage import camera_number
    from blazepose_skl.gaps import POLICIES

    one_of('--missed', missed, POLICIES)
    if whole and window is not None:
        raise InputError('--whole and --window: a video is looked at as a whole or through a window; choose one')
    _check_outputs(input, out, segments, headless)
    recognizer = _load(config, checkpoint, network, classes, device)
    filling, look = Filling(missed, max_gap), Look(threshold, side_by_side)
    job = _Job(recognizer, filling, look, out, segments, _Screen(not headless))
    camera = camera_number(input)

    def sliding(fps: float) -> Sliding:
        return _sliding(recognizer, fps, window, stride, smoothing)

    if camera is not None:
        if whole:
            raise InputError('--whole: a camera has no end; give --window')
        job.run_camera(camera, _find_model(model), people, together, sliding)
        return
    footage = open_input(input, model, people, recognizer.skeleton)
    if whole or (window is None and footage.frames is not None and footage.frames <= _SHORT * footage.fps):
        job.run_whole(footage, together)
    else:
        job.run_sliding(footage, together, sliding(footage.fps))


def _check_outputs(source: str, out: Path | None, segments: Path | None, headless: bool) -> None:
    from blazepose_skl.outfiles import check_not_input, check_place
    from blazepose_skl.segments import SUFFIXES
    from blazepose_skl.videowriter import check_encoder

    if out is None and segments is None and headless:
        raise InputError('nothing would come of it: give --out, --segments or a window (without --headless)')
    check_not_input(out, source)
    check_not_input(segments, source)
    if out is not None:
        check_place(out, '.mp4')
        check_encoder()
    if segments is not None:
        check_place(segments, *SUFFIXES)


def _load(
    config: Path | None, checkpoint: Path | None, network: Path | None, classes: Path | None, device: str | None
) -> Recognizer | OnnxRecognizer:
    if network is not None:
        if config or checkpoint or classes or device:
            raise InputError('--network: the file says all that --config, --checkpoint, --classes and --device say')
        from blazepose_skl.onnxmodel import load_onnx

        return load_onnx(network)
    if config is None or checkpoint is None:
        raise InputError('no network: give --config and --checkpoint, or --network with a file of export')
    with import_framework():
        import torch

        from blazepose_skl.mmaction2.recognizer import load_recognizer
    names = class_names(classes) if classes else None
    return load_recognizer(config, checkpoint, device or ('cuda' if torch.cuda.is_available() else 'cpu'), names)


@contextmanager
def import_framework() -> Iterator[None]:
    """In it MMAction2 is imported; that it cannot be is a sentence."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # mmcv-lite misses operators that no skeleton network has
            yield
    except (ImportError, AssertionError) as error:  # mmaction2 asserts the version of mmcv
        raise InputError(f'mmaction2 cannot be imported: {error}; `blazepose-skl doctor` says what mends it') from error


def class_names(path: Path) -> list[str]:
    """Those of a list, one in each line, or of annotations."""
    from blazepose_skl.annotationstream import stream_annotations
    from blazepose_skl.arrowform import is_arrow
    from blazepose_skl.labels import read_class_list

    if path.suffix != '.pkl' and not is_arrow(path):
        return read_class_list(path)
    names = stream_annotations(path, lambda annotation: None).get('class_names')
    if not names:
        raise InputError(f'{path}: no class names in it; give a list of them, one in each line')
    return [str(name) for name in names]


def _find_model(model: str) -> Path:
    from blazepose_skl.landmarker import check_mediapipe
    from blazepose_skl.models import find_model

    check_mediapipe()
    return find_model(model)


def open_input(text: str, model: str, people: int, skeleton: Skeleton) -> Footage:
    """What is given on the command line; a dump is read as one of that skeleton."""
    from blazepose_skl.dumps import Reading
    from blazepose_skl.footage import open_footage

    return open_footage(text, lambda: _find_model(model), Reading(people=people, skeleton=skeleton))


def _sliding(
    recognizer: Recognizer | OnnxRecognizer, fps: float, window: float | None, stride: float | None, smoothing: int
) -> Sliding:
    """The window in frames of a video at that rate."""
    from blazepose_skl.recognition import Sliding

    if window is not None:
        length = round(window * fps)
    elif recognizer.frames:
        length = round(recognizer.frames / (recognizer.fps or fps) * fps)
    else:
        length = round(_WINDOW * fps)
    length = max(length, 2)
    step = max(1, round(stride * fps)) if stride is not None else max(1, length // 6)
    return Sliding(length, step, smoothing)


class _Job:
    """What is made of what is recognised."""

    def __init__(
        self,
        recognizer: Recognizer | OnnxRecognizer,
        filling: Filling,
        look: Look,
        out: Path | None,
        segments: Path | None,
        screen: _Screen,
    ) -> None:
        self.recognizer, self.filling, self.look = recognizer, filling, look
        self.out, self.segments, self.screen = out, segments, screen

    def run_whole(self, footage: Footage, together: bool) -> None:
        from blazepose_skl.demo import recognize_whole

        sights = bar(footage.sights(), 'looking', footage.frames)
        self._show(footage, recognize_whole(footage, sights, self.recognizer, together, self.filling))

    def run_sliding(self, footage: Footage, together: bool, sliding: Sliding) -> None:
        from blazepose_skl.convert import Filling
        from blazepose_skl.demo import recognize_sliding
        from blazepose_skl.footage import ClipFootage
        from blazepose_skl.recognition import StreamRecognizer

        filled = isinstance(footage, ClipFootage) and footage.filled
        filling = Filling('zero') if filled else self.filling
        stream = StreamRecognizer(self.recognizer, footage.size, sliding, footage.people, together, filling)
        sights = bar(footage.sights(), 'looking', footage.frames)
        self._show(footage, recognize_sliding(sights, stream, footage.name))

    def run_camera(
        self, camera: int, model: Path, people: int, together: bool, sliding: Callable[[float], Sliding]
    ) -> None:
        from blazepose_skl.demo import label_live
        from blazepose_skl.footage import USUAL_FPS
        from blazepose_skl.landmarker import Landmarker
        from blazepose_skl.recognition import StreamRecognizer
        from blazepose_skl.segments import lay_out
        from blazepose_skl.video import read_facts, read_frames
        from blazepose_skl.videowriter import VideoWriter

        facts = read_facts(camera)
        fps = facts.fps or USUAL_FPS
        if not self.screen.open and self.out is None and self.segments is None:
            raise InputError('there is no screen here; give --out or --segments')
        stream = StreamRecognizer(
            self.recognizer, (facts.width, facts.height), sliding(fps), people, together, self.filling
        )
        times: list[float] = []
        recognitions: list[Recognition] = []
        with ExitStack() as stack:
            landmarker = stack.enter_context(Landmarker(model, people))
            writer = stack.enter_context(VideoWriter(self.out, fps)) if self.out else None
            interrupted = stack.enter_context(_interruption())
            try:
                for picture, time, new in label_live(read_frames(camera), landmarker, stream, self.look):
                    if writer:
                        writer.add(picture, time)
                    if self.segments:  # what nobody asked for is not kept
                        times.append(time)
                        recognitions += new
                    if interrupted.is_set() or not self.screen.show(picture):
                        break
            except KeyboardInterrupt:
                # In the middle of a frame, which was looked at, but not shown.
                times += [(times[-1] if times else 0.0) + 1 / fps] * (stream.frames - len(times))
        laid = lay_out([*recognitions, *stream.finish()], stream.sliding.stride) if self.segments else []
        self._tell(laid, times)

    def _show(self, footage: Footage, findings: Findings) -> None:
        from blazepose_skl.demo import label_footage
        from blazepose_skl.videowriter import VideoWriter

        if self.screen.open or self.out:
            pictures = label_footage(footage, findings, self.recognizer, self.look)
            with ExitStack() as stack:
                writer = stack.enter_context(VideoWriter(self.out, footage.fps)) if self.out else None
                numbered = zip(bar(pictures, 'drawing', len(findings.sights)), findings.times, strict=False)
                for picture, time in numbered:
                    if writer:
                        writer.add(picture, time)
                    if not self.screen.show(picture) and not writer:
                        break
        self._tell(findings.recognitions, findings.times)

    def _tell(self, laid: Sequence[Recognition], times: Sequence[float]) -> None:
        from blazepose_skl.segments import find_segments, write_segments

        found = find_segments(laid, self.recognizer.classes, self.look.threshold, times)
        if self.segments:
            write_segments(found, self.segments)
        several = len({segment.person for segment in found}) > 1
        for segment in found:
            who = f'#{segment.person} ' if several else ''
            print(f'{segment.start:8.2f} to {segment.stop:.2f} s  {who}{segment.action} {segment.score:.2f}')
        if laid and not found:
            best = max(laid, key=lambda recognition: recognition.score)
            print(
                f'nothing reaches {self.look.threshold:g}; the best is {self.recognizer.classes[best.best]} '
                f'{best.score:.2f} (--threshold)'
            )
        for path in (self.out, self.segments):
            if path:
                print(path)


@contextmanager
def _interruption() -> Iterator[threading.Event]:
    """What Ctrl-C sets, so that the frame in hand is written to its end; the second time it is as ever."""
    event, before = threading.Event(), signal.getsignal(signal.SIGINT)

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        event.set()

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)


def bar(items: Iterable[T], what: str, total: int | None) -> Iterable[T]:
    """The same with a progress bar, where standard error is a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(items, what, total=total, console=console, transient=True, disable=not console.is_terminal)


class _Screen:
    """A window, where there is a screen, until it is closed or q is pressed."""

    def __init__(self, wanted: bool) -> None:
        self._open = wanted

    @property
    def open(self) -> bool:
        """Whether there is a window; that there cannot be one is said when one is asked for, and once."""
        # Qt, which OpenCV shows windows with, ends the whole process where there is none.
        if self._open and sys.platform == 'linux' and not {'DISPLAY', 'WAYLAND_DISPLAY'} & set(os.environ):
            self._open = False
            print('no screen here, so no window is opened; --headless says so', file=sys.stderr)
        return self._open

    def show(self, picture: Picture) -> bool:
        """Show a picture; False when the user has closed the window."""
        if not self.open:
            return True
        import cv2

        try:
            cv2.imshow(_TITLE, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            pressed = cv2.waitKey(1) & 0xFF
            if pressed == ord('q') or cv2.getWindowProperty(_TITLE, cv2.WND_PROP_VISIBLE) < 1:
                cv2.destroyAllWindows()
                self._open = False
                return False
        except cv2.error:  # a build without windows
            print('this OpenCV opens no windows; --headless says so', file=sys.stderr)
            self._open = False
        return True
