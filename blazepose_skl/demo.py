"""A video with what people do in it: who did what when, and the pictures with skeletons and labels."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from blazepose_skl.clips import Clip
from blazepose_skl.convert import Filling
from blazepose_skl.draw import Picture, Tag, beside, black, box_of, draw_skeleton, draw_tags, person_color
from blazepose_skl.errors import InputError
from blazepose_skl.footage import ClipFootage, Footage, whole_clip
from blazepose_skl.landmarker import Landmarker
from blazepose_skl.recognition import EVERYBODY, Classifier, Recognition, Sight, StreamRecognizer
from blazepose_skl.segments import lay_out
from blazepose_skl.video import Frame

__all__ = ['Findings', 'Look', 'draw_frame', 'label_footage', 'label_live', 'recognize_sliding', 'recognize_whole']


@dataclass(frozen=True)
class Findings:
    """What was found in all frames.

    Attributes:
        sights: Who is where, by frame.
        recognitions: What they do, without overlap in time.
    """

    sights: Sequence[Sight]
    recognitions: Sequence[Recognition]

    @property
    def times(self) -> list[float]:
        """Seconds of each frame."""
        return [sight.time for sight in self.sights]


@dataclass(frozen=True)
class Look:
    """How the pictures look.

    Attributes:
        threshold: Below this score nothing is claimed.
        side_by_side: The skeletons alone stand to the right.
    """

    threshold: float = 0.5
    side_by_side: bool = False


# -- who does what ----------------------------------------------------------------------------------


def recognize_whole(
    footage: Footage, sights: Iterable[Sight], classifier: Classifier, together: bool, filling: Filling
) -> Findings:
    """One action of each person in all of the clip.

    Args:
        footage: What it is.
        sights: Its frames.
        classifier: Gives the scores.
        together: One action of all people together.
        filling: What stands in missed frames.

    Raises:
        InputError: There is nobody in it, or its joints are not the network's.
    """
    seen = list(sights)
    if isinstance(footage, ClipFootage):
        clip = footage.clip
        filling = Filling('zero') if footage.filled else filling
    else:
        clip, seen = whole_clip(footage, seen, classifier.skeleton.name)
    if clip.landmarks.shape[2] != classifier.skeleton.num_joints:
        raise InputError(
            f"{clip.source}: {clip.landmarks.shape[2]} joints where '{classifier.skeleton.name}' of the network has "
            f'{classifier.skeleton.num_joints}'
        )
    groups = {EVERYBODY: slice(None)} if together else {n: slice(n, n + 1) for n in range(len(clip.landmarks))}
    clips = [_part(clip, group) for group in groups.values()]
    scores = classifier.classify([filling.applied_to(clip) for clip in clips])
    return Findings(
        seen, [Recognition(who, *_presence(seen, who), row) for who, row in zip(groups, scores, strict=True)]
    )


def _presence(sights: Sequence[Sight], person: int) -> tuple[int, int]:
    """The first frame with somebody, and the one after the last."""
    frames = [
        frame for frame, sight in enumerate(sights) if sight.people and (person == EVERYBODY or person in sight.people)
    ]
    return (frames[0], frames[-1] + 1) if frames else (0, len(sights))


def recognize_sliding(sights: Iterable[Sight], stream: StreamRecognizer, where: str) -> Findings:
    """What people do from window to window.

    Args:
        sights: All frames.
        stream: Takes them.
        where: For messages.

    Raises:
        InputError: There is nobody.
    """
    seen, recognitions = [], []
    for sight in sights:
        recognitions += stream.add(sight.landmarks, sight.scores, sight.people)
        seen.append(stream.sight(sight.time))
    recognitions += stream.finish()
    if not any(sight.people for sight in seen):
        raise InputError(f'{where}: nobody was found in any of its {len(seen)} frames')
    return Findings(seen, lay_out(recognitions, stream.sliding.stride))


def _part(clip: Clip, group: slice) -> Clip:
    return replace(clip, landmarks=clip.landmarks[group], scores=clip.scores[group])


# -- pictures ---------------------------------------------------------------------------------------


def label_footage(footage: Footage, findings: Findings, classifier: Classifier, look: Look) -> Iterator[Picture]:
    """The pictures with skeletons and labels, in order."""
    people: dict[int, list[Recognition]] = defaultdict(list)
    for recognition in findings.recognitions:
        people[recognition.person].append(recognition)
    starts = {person: [recognition.start for recognition in listed] for person, listed in people.items()}
    several = len({person for sight in findings.sights for person in sight.people or ()}) > 1
    # A damaged video may give fewer frames when it is read again.
    for frame, (picture, sight) in enumerate(zip(footage.pictures(), findings.sights, strict=False)):
        claims = {}
        for person in (*(sight.people or ()), EVERYBODY):
            at = bisect_right(starts.get(person, []), frame) - 1
            if at >= 0 and frame < people[person][at].stop:
                claims[person] = people[person][at]
        yield draw_frame(picture, sight, claims, classifier, look, several)


def label_live(
    frames: Iterable[Frame], landmarker: Landmarker, stream: StreamRecognizer, look: Look
) -> Iterator[tuple[Picture, float, list[Recognition]]]:
    """Of each frame the picture with what was recognised last, its time, and what is recognised newly."""
    for frame in frames:
        new = stream.add_picture(frame.picture, frame.time, landmarker)
        sight = stream.sight(frame.time)
        several = stream.people > 1
        yield draw_frame(frame.picture, sight, stream.latest, stream.classifier, look, several), frame.time, new


def draw_frame(
    picture: Picture,
    sight: Sight,
    claims: Mapping[int, Recognition],
    classifier: Classifier,
    look: Look,
    several: bool,
) -> Picture:
    """A picture with the skeletons of the people in it and what they do.

    Args:
        picture: (H, W, 3) uint8, RGB; drawn on.
        sight: Who is where.
        claims: What they do, by person.
        classifier: Its skeleton and the names of its classes.
        look: How it is drawn.
        several: People are told apart by number.
    """
    tags = []
    for person, landmarks, scores in zip(sight.people or (), sight.landmarks, sight.scores, strict=True):
        claim = claims.get(person)
        if claim and claim.score >= look.threshold:
            text = claim_text(claim, classifier.classes)
            tags.append(
                Tag(
                    f'#{person} {text}' if several else text,
                    claim.score,
                    person_color(person),
                    box_of(landmarks, scores),
                )
            )
    everybody = claims.get(EVERYBODY)
    if everybody and everybody.score >= look.threshold:
        tags.append(Tag(claim_text(everybody, classifier.classes), everybody.score, person_color(0)))
    pictures = [picture, black((picture.shape[1], picture.shape[0]))] if look.side_by_side else [picture]
    for view in pictures:
        for landmarks, scores in zip(sight.landmarks, sight.scores, strict=True):
            draw_skeleton(view, landmarks, scores, classifier.skeleton)
        draw_tags(view, tags)
    return beside(pictures)


def claim_text(claim: Recognition, classes: Sequence[str]) -> str:
    """The name of the likeliest class, and its score."""
    return f'{classes[claim.best]} {claim.score:.2f}'
