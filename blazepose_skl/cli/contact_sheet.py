"""``blazepose-skl contact-sheet``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blazepose_skl.cli.app import app
from blazepose_skl.cli.quiet import quiet_libraries
from blazepose_skl.errors import InputError

__all__ = ['contact_sheet']


@app.command()
@quiet_libraries()
def contact_sheet(
    input: Annotated[str, typer.Argument(help='A video, a dump, or FILE.pkl:CLIP (the latter on black).')],
    out: Annotated[Path, typer.Argument(help='The picture to write, .png.')],
    skeleton: Annotated[
        list[str] | None,
        typer.Option(
            help='A row for each; a dump is read as one of the first. Without it blazepose and enhanced_blazepose, or '
            'the one that a pickle names.'
        ),
    ] = None,
    frames: Annotated[int, typer.Option(help='Columns: so many frames, from all of it.', min=1, max=100)] = 6,
    people: Annotated[int, typer.Option(help='People at once, at most.', min=1)] = 1,
    model: Annotated[str, typer.Option(help="MediaPipe's: lite, full, heavy or the path of a .task file.")] = 'full',
) -> None:
    """Draw frames of a clip from left to right with their skeletons, a row for each layout."""
    from blazepose_skl.cli.demo import bar, open_input
    from blazepose_skl.footage import ClipFootage, camera_number
    from blazepose_skl.outfiles import check_not_input, check_place
    from blazepose_skl.ownskeleton import own_skeleton
    from blazepose_skl.sheet import choose_frames, write_png
    from blazepose_skl.sheet import contact_sheet as draw
    from blazepose_skl.skeletons import BLAZEPOSE, ENHANCED_BLAZEPOSE, get_skeleton

    skeletons = [get_skeleton(name) for name in skeleton or ()]
    check_not_input(out, input)
    check_place(out, '.png')
    if camera_number(input) is not None:
        raise InputError(f'{input}: a camera has no end; give a video')
    footage = open_input(input, model, people, skeletons[0] if skeletons else BLAZEPOSE)
    if not skeletons:
        said = footage.clip.skeleton if isinstance(footage, ClipFootage) else ''
        own = own_skeleton({'skeleton': said or None}, footage.name, '--skeleton') or BLAZEPOSE
        skeletons = [own] if own.joints != BLAZEPOSE.joints else [BLAZEPOSE, ENHANCED_BLAZEPOSE]
    sights = list(bar(footage.sights(), 'looking', footage.frames))
    if not any(len(sight.landmarks) for sight in sights):
        raise InputError(f'{footage.name}: nobody was found in any of its {len(sights)} frames, so there is no sheet')
    write_png(draw(footage.pictures(), sights, skeletons, choose_frames(len(sights), frames)), out)
    print(out)
