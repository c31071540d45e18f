"""From a folder of dumps to an annotation pickle: clips one after another, and what became of each."""

from __future__ import annotations

import pickle
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import blazepose_skl
from blazepose_skl.annotations import AnnotationWriter, annotate, pack_annotation, unfinished
from blazepose_skl.arrowform import SUFFIX, is_arrow, need_pyarrow
from blazepose_skl.clipfolder import ClipFolder
from blazepose_skl.clips import Clip
from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.dumps.archives import unpacking
from blazepose_skl.dumps.sources import Source
from blazepose_skl.dumps.timing import resample_clip
from blazepose_skl.errors import InputError
from blazepose_skl.gaps import fill_gaps
from blazepose_skl.journal import Entry, Journal, stamp_of
from blazepose_skl.labels import Label, LabelOf, Labels, first_few, folder_label, number_classes
from blazepose_skl.outfiles import check_place
from blazepose_skl.parallel import cores, in_order
from blazepose_skl.rejects import Rejected, write_rejects
from blazepose_skl.splits import Split, check_split, untrained

__all__ = ['Converted', 'Filling', 'Summary', 'convert', 'rejects_path']


@dataclass(frozen=True)
class Filling:
    """What stands in missed frames (:func:`blazepose_skl.gaps.fill_gaps`), and the rate of all clips."""

    policy: str = 'interpolate'
    longest: int = 15
    fps: float | None = None

    def applied_to(self, clip: Clip) -> Clip:
        """The clip, filled and at that rate.

        Raises:
            InputError: There is no such policy, or the clip does not say its own rate.
        """
        filled = fill_gaps(clip, self.policy, self.longest)
        return resample_clip(filled, self.fps) if self.fps else filled


@dataclass(frozen=True)
class Converted:
    """A clip that is in the pickle; frames and missed are those of the dump."""

    name: str
    label: Label
    frames: int
    missed: int
    dialect: str
    coordinates: str
    size: tuple[int, int]
    notes: tuple[str, ...]
    channels: int


@dataclass(frozen=True)
class _Prepared:
    """A clip as far as it can be prepared by itself: what goes into its :class:`Converted`, and the annotation."""

    said: Label | None
    facts: dict[str, Any]
    packed: bytes
    apart: bytes  # the clip's own pickle, if it gets one

    @property
    def channels(self) -> int:
        return int(self.facts['channels'])


@dataclass(frozen=True)
class Summary:
    """What a conversion did, and what of it may not be as was meant."""

    clips: tuple[Converted, ...]
    rejected: tuple[Rejected, ...]
    classes: tuple[str, ...]
    split: Split = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """Frames in the dumps, missed ones included."""
        return sum(clip.frames for clip in self.clips)

    @property
    def missed(self) -> int:
        """Frames in which nobody was found."""
        return sum(clip.missed for clip in self.clips)

    @property
    def notes(self) -> dict[str, int]:
        """What was recognised, assumed or repaired, and in how many clips."""
        return dict(Counter(note for clip in self.clips for note in clip.notes))


def rejects_path(out: Path) -> Path:
    """Where the rejected dumps of a conversion are listed, one JSON object in each line."""
    return out.with_name(out.name + '.rejects.jsonl')


# Dumps for which it is worth to start a process.
_WORTH = 100


def convert(
    dumps: Path,
    out: Path,
    split: Callable[[dict[str, str]], Split],
    reading: Reading | None = None,
    filling: Filling | None = None,
    labels: Labels | None = None,
    classes: Sequence[str] | None = None,
    track: Callable[[Sequence[Any]], Iterable[Any]] = iter,
    jobs: int | None = 1,
    clip_folder: Path | None = None,
    besides: Iterable[Path] = (),
    tell: Callable[[str], Any] = lambda sentence: None,
) -> Summary:
    """Convert the dumps under a folder into one annotation pickle or Arrow file.

    A dump that cannot be converted is listed in the summary and beside the pickle (:func:`rejects_path`),
    and the others are converted. Interrupted at any moment, and started again with the same options, it goes on
    where it was.

    Args:
        dumps: A folder, or one dump.
        out: The pickle (.pkl) or Arrow file (.arrow); replaced only when the new one is whole.
        split: The split from the class of each clip.
        reading: How to read dumps.
        filling: What stands in missed frames.
        labels: Labels by clip; where it has none a clip's folder names its class, or the dump where it has none.
        classes: The class names in the order of their numbers; without it all that are found.
        track: Wraps the sources, and the clips that go to an Arrow file in the end, for a progress bar.
        jobs: Processes, which makes no difference to the result; None for one for each core and
            hundred dumps.
        clip_folder: Write each clip to a pickle of its own here, and only an index to ``out``
            (:mod:`blazepose_skl.clipfolder`).
        besides: Files that are no dumps, wherever they lie: lists, labels, the last report.
        tell: Takes a sentence on what is done beside converting, for whoever waits.

    Raises:
        InputError: There is no dump, none can be converted, or there would be no training with the result.
    """
    reading, filling = reading or Reading(), filling or Filling()
    check_place(out, '.pkl', SUFFIX)  # MMAction2 reads no other, and a dump is not overwritten by mistake
    if is_arrow(out):
        need_pyarrow(str(out))
        if clip_folder is not None:
            raise InputError(
                f'{out} with --clip-folder: such a file holds all clips itself and is not read at once; leave it out'
            )
    with unpacking(out.with_name(out.name + '.part.unpacked'), tell) as unpack:
        sources = find_dumps(dumps, reading.dialect, {rejects_path(out), *besides}, reading.skeleton, unpack)
        _check_names(sources)
        label_of, warnings = labels.for_clips([source.name for source in sources]) if labels else (_unlabelled, [])
        known = classes if classes is not None else labels.classes if labels else None
        what = repr((blazepose_skl.__version__, str(dumps.resolve()), reading, filling, labels, classes, clip_folder))
        folder = ClipFolder(clip_folder) if clip_folder else None
        journal = Journal(_journal_path(out), what, Converted)
        kept = _kept(journal, out, sources, folder)
        if folder:
            folder.start(go_on=bool(kept))
        journal.start(kept)
        with _closing(journal), folder or nullcontext(), _go_on(out, kept) as writer:
            admission = _Admission(label_of, dict.fromkeys(known or ()), _lone_label(dumps, sources))
            output = _Output(writer, journal, folder, [entry.record for entry in kept])
            prepare = partial(_prepare, reading=reading, filling=filling, apart=bool(folder))
            jobs = jobs or max(1, min(cores(), len(sources) // _WORTH))
            rejected = _add_all(_left(track(sources), kept), prepare, jobs, admission, output)
            write_rejects(rejects_path(out), rejected)
            done = output.done
            if not done:
                raise InputError(
                    f'{dumps}: none of its {len(rejected)} dumps could be converted; the first: {rejected[0].reason}'
                )
            names = list(known) if known is not None else number_classes([clip.label for clip in done])
            class_of = {clip.name: clip.label.name for clip in done}
            parts = split(class_of)
            found = sorted(set(class_of.values()))
            # An official split says what is trained and how classes are numbered, whatever of the set is at hand.
            official = labels is not None and labels.classes is not None
            check_split(parts, class_of, () if official else classes if classes is not None else found)
            if official and (without := untrained(parts, class_of, found)):
                warnings.append(f"classes with clips, but none in 'train': {len(without)} ({first_few(without)})")
            output.finish(names, parts, reading.skeleton.name, _provenance(done, rejected, filling), track)
        warnings += _remarks(done, names, parts, numbered=known is not None)
        return Summary(tuple(done), tuple(rejected), tuple(names), parts, tuple(warnings))


# -- the steps --------------------------------------------------------------------------------------


def _unlabelled(clip: str) -> None:
    """No label: the folder of a clip or the dump itself names its class."""


def _lone_label(dumps: Path, sources: Sequence[Source]) -> Label | None:
    """The folder that a single dump lies in, None for a folder of dumps."""
    (file, *others) = sources[0].files
    lone = len(sources) == 1 and not others and file.path == dumps and not file.member
    return folder_label(dumps.resolve().as_posix()) if lone else None


@dataclass
class _Admission:
    """Whether clips fit one another: each has a known class, and all have as many channels as the first."""

    label_of: LabelOf
    classes: dict[str, None]  # in their order; none if all are welcome
    fallback: Label | None
    channels: int = 0

    def admit(self, source: Source, prepared: _Prepared) -> Label:
        """The class of a clip; InputError if it may not come in."""
        label = self._label(source, prepared.said)
        if self.classes and label.name not in self.classes:
            known = f'{len(self.classes)} classes ({first_few(list(self.classes))})'
            raise InputError(f"{source.place}: label '{label.name}' is not in the list of {known}")
        self.channels = self.channels or prepared.channels
        if prepared.channels != self.channels:
            kinds = {2: '2-D landmarks in the picture', 3: '3-D landmarks about the body'}
            raise InputError(
                f'{source.place}: {kinds[prepared.channels]}, but {kinds[self.channels]} before; '
                'choose one with --coords'
            )
        return label

    def _label(self, source: Source, said: Label | None) -> Label:
        if given := self.label_of(source.name):
            return given
        # With a number it is a data set's own label; a bare "label" may be anything, so the folder goes first.
        numbered = said if said and said.index is not None else None
        label = numbered or folder_label(source.name) or self.fallback or said
        if label is None:
            raise InputError(
                f'{source.place}: no class: it lies in no folder and says none; give the folder above, or --labels'
            )
        return label


@dataclass
class _Output:
    """Where clips go: the pickle, the journal beside it, the folder with a pickle for each clip; and which they are."""

    writer: AnnotationWriter
    journal: Journal[Converted]
    folder: ClipFolder | None
    done: list[Converted]

    def add(self, source: Source, label: Label, prepared: _Prepared) -> None:
        """One clip, in the journal last."""
        if self.folder:
            self.folder.add(source.name, prepared.apart)
        label_at, end = self.writer.add(prepared.packed)
        self.done.append(Converted(source.name, label, **prepared.facts))
        self.journal.add(Entry(self.done[-1], label_at, end, _stamp(source)))

    def finish(
        self,
        names: Sequence[str],
        parts: Split,
        skeleton: str,
        provenance: dict[str, Any],
        track: Callable[[Sequence[Any]], Iterable[Any]],
    ) -> None:
        """The pickle, and the folder before it, under their names."""
        if self.folder:
            self.folder.finish()
        numbers = {name: number for number, name in enumerate(names)}
        self.writer.finish(
            labels=[numbers[clip.label.name] for clip in self.done],
            rest=dict(split=parts, skeleton=skeleton, class_names=list(names), provenance=provenance),
            track=track,
        )


def _go_on(out: Path, kept: Sequence[Entry[Converted]]) -> AnnotationWriter:
    """The writer of a pickle, behind the clips that are in it already."""
    return AnnotationWriter(out, [entry.label_at for entry in kept], kept[-1].end if kept else 0)


def _left(sources: Iterable[Source], kept: Sequence[Entry[Converted]]) -> Iterator[Source]:
    """The sources of clips that are not in the pickle yet."""
    before = {entry.record.name for entry in kept}
    return (source for source in sources if source.name not in before)


def _add_all(
    sources: Iterable[Source],
    prepare: Callable[[Source], tuple[Source, _Prepared | InputError]],
    jobs: int,
    admission: _Admission,
    output: _Output,
) -> list[Rejected]:
    """Convert dump after dump; those that cannot be."""
    if output.done:
        admission.channels = output.done[0].channels
    rejected = []
    for source, prepared in in_order(prepare, sources, jobs):
        try:
            if isinstance(prepared, InputError):
                raise prepared
            label = admission.admit(source, prepared)
        except InputError as error:
            rejected.append(Rejected(source.name, str(error)))
            continue
        output.add(source, label, prepared)
    return rejected


def _provenance(done: Sequence[Converted], rejected: Sequence[Rejected], filling: Filling) -> dict[str, Any]:
    return dict(
        program=f'blazepose-skl {blazepose_skl.__version__}',
        dialects=dict(Counter(clip.dialect for clip in done)),
        coordinates=dict(Counter(clip.coordinates for clip in done)),
        missed_frames=f'{filling.policy}, up to {filling.longest}',
        rejected=len(rejected),
    )


def _remarks(done: Sequence[Converted], names: Sequence[str], parts: Split, numbered: bool) -> list[str]:
    """What of the split and the classes may not be as was meant."""
    remarks = []
    placed = {clip for clips in parts.values() for clip in clips}
    if apart := [clip.name for clip in done if clip.name not in placed]:
        remarks.append(f'clips in no part of the split: {len(apart)} ({first_few(apart)})')
    found = {clip.label.name for clip in done}
    if without := [name for name in names if name not in found]:
        remarks.append(f'classes without a clip: {len(without)} of {len(names)} ({first_few(without)})')
    if misplaced := _misplaced(parts):
        remarks.append(
            f'clips in another part than their folders are called: {len(misplaced)} ({first_few(misplaced)}); '
            'give the parts with --list'
        )
    if list(parts) == ['train']:
        remarks.append("all clips are in the part 'train'; none is held out to validate with")
    if 'train' not in parts and not numbered and any(clip.label.index is None for clip in done):
        remarks.append(
            "there is no part 'train', and classes are numbered as they are found here; "
            'give those of the training with --classes'
        )
    return remarks


_FOLDER_OF_PART = re.compile(r'(?i)(?:.*[_-])?(train|val|test)(?:ing|id|idation)?')


def _misplaced(parts: Split) -> list[str]:
    """Clips under folders such as train and val that are in another part; none if there is but one such folder."""
    called: dict[str, str] = {}
    for clips in parts.values():
        for clip in clips:
            found = (_FOLDER_OF_PART.fullmatch(folder) for folder in clip.split('/')[:-1])
            called[clip] = next((match[1].lower() for match in found if match), '')
    if len(set(called.values()) - {''}) < 2:
        return []
    return [clip for part, clips in parts.items() for clip in clips if called[clip] not in ('', part)]


def _journal_path(out: Path) -> Path:
    return out.with_name(out.name + '.part.journal')


def _stamp(source: Source) -> list[int]:
    return stamp_of([file.path for file in source.files])


def _kept(
    journal: Journal[Converted], out: Path, sources: Sequence[Source], folder: ClipFolder | None
) -> list[Entry[Converted]]:
    """The clips that an unfinished pickle beside ``out`` holds and that have not changed since."""
    try:
        reached = unfinished(out).stat().st_size
    except OSError:
        return []
    by_name = {source.name: source for source in sources}
    entries: list[Entry[Converted]] = []
    for entry in journal.read(reached):
        source = by_name.get(entry.record.name)
        if source is None or _stamp(source) != entry.stamp:
            break
        if folder and not folder.holds(source.name):
            break
        entries.append(entry)
    return entries


@contextmanager
def _closing(journal: Journal[Converted]) -> Iterator[None]:
    """Closes the journal in the end, and removes it unless the conversion was interrupted."""
    try:
        yield
    except Exception:
        journal.close(remove=True)
        raise
    except BaseException:
        journal.close(remove=False)
        raise
    journal.close(remove=True)


def _check_names(sources: Sequence[Source]) -> None:
    places: dict[str, str] = {}
    for source in sources:
        if source.name in places:
            raise InputError(
                f"two clips are called '{source.name}': {places[source.name]} and {source.place}; rename one of them"
            )
        places[source.name] = source.place


def _prepare(source: Source, reading: Reading, filling: Filling, apart: bool) -> tuple[Source, _Prepared | InputError]:
    """What can be done with a dump without knowing the others."""
    try:
        clip = read_clip(source, reading)
        filled = filling.applied_to(clip)
    except InputError as error:
        return source, error
    facts = dict(
        frames=clip.landmarks.shape[1],
        missed=int(clip.missed.sum()),
        dialect=clip.dialect,
        coordinates=clip.coordinates,
        size=clip.size,
        notes=clip.notes,
        channels=clip.landmarks.shape[-1],
    )
    said = Label(clip.label, clip.label_index) if clip.label is not None else None
    # Filling hides them from whoever asks later what accuracy has to do with them.
    annotation = annotate(filled, source.name) | dict(missed=facts['missed'] / facts['frames'])
    if not apart:
        return source, _Prepared(said, facts, pack_annotation(annotation), b'')
    listed = {key: annotation[key] for key in ('frame_dir', 'total_frames', 'missed')}
    return source, _Prepared(said, facts, pack_annotation(listed), pickle.dumps(annotation))
