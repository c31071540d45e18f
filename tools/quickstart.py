"""Dumps to a tested recogniser: convert, train ST-GCN++ in the recipe for small sets, test.

Every step is a command that you can type yourself; it is printed before it runs.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Optional

import typer
from rich.console import Console
from rich.table import Table

from blazepose_skl.annotations import read_annotations
from blazepose_skl.errors import InputError
from blazepose_skl.evaluation import Scores, read_scores

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / 'configs/stgcnpp/stgcnpp_1xb16-joint-r32-40e-small_custom-blazepose.py'
# Batch norm and AdamW need some hundred steps, however few the clips are.
BATCH, LEAST_STEPS = 16, 200
console = Console()


def quickstart(
    dumps: Annotated[
        Optional[Path],  # noqa: UP045, typer reads it
        typer.Argument(help='Your dumps, DUMPS/<class>/<clip>.json. Without it synthetic dumps are made.'),
    ] = None,
    work_dir: Annotated[Path, typer.Option(help='Where everything is written.')] = Path('quickstart'),
    group: Annotated[
        Optional[str],  # noqa: UP045, typer reads it
        typer.Option(help='Regular expression whose group is the person, camera or source video of a clip.'),
    ] = None,
    epochs: Annotated[
        Optional[int],  # noqa: UP045, typer reads it
        typer.Option(help='Epochs of training; without it 40, more for very few clips, 20 for synthetic ones.', min=3),
    ] = None,
) -> None:
    """Make, convert, train, test; print accuracy and the confusion matrix."""
    work_dir = work_dir.resolve()
    usual = 40
    if dumps is None:
        usual = 20
        dumps, group = work_dir / 'synthetic_dumps', r'(person\d+)'
        run('blazepose-skl', 'synthesize', dumps, '--dialect', 'tasks')
    pickle_file, scores_file = work_dir / 'data.pkl', work_dir / 'scores.pkl'
    run('blazepose-skl', 'convert', dumps, pickle_file, *(['--group', group] if group else []))
    classes = read_annotations(pickle_file)['class_names']
    train_dir = work_dir / 'train'
    checkpoint = train(pickle_file, train_dir, epochs, least=usual)
    options = [f'ann_file={pickle_file}', f'num_classes={len(classes)}']
    test = [ROOT / 'tools/test.py', CONFIG, checkpoint, '--work-dir', train_dir, '--dump', scores_file]
    run(sys.executable, *test, '--cfg-options', *options)
    show(read_scores(scores_file), classes)


def train(data: Path, train_dir: Path, epochs: int | None, least: int, options: Sequence[str] = ()) -> Path:
    """Train on a pickle and give the checkpoint; without ``epochs`` as long as so small a set needs, or ``least``."""
    found = read_annotations(data)
    steps = -(-len(found['split']['train']) // BATCH)
    epochs = epochs or max(least, -(-LEAST_STEPS // steps))
    settings = [f'ann_file={data}', f'num_classes={len(found["class_names"])}', *options]
    schedule = [f'train_cfg.max_epochs={epochs}', f'train_cfg.val_interval={epochs}', f'param_scheduler.1.end={epochs}']
    command = [ROOT / 'tools/train.py', CONFIG, '--work-dir', train_dir, '--seed', '0']
    run(sys.executable, *command, '--cfg-options', *settings, *schedule)
    return train_dir / f'epoch_{epochs}.pth'


def run(*command: object) -> None:
    """Run a command where the user sees it; end with its status if it fails."""
    words = [str(word) for word in command]
    console.print(f'\n[bold]$ {shlex.join(words)}', highlight=False, soft_wrap=True)
    # The commands of this interpreter's environment, whether or not it is activated.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get('PATH', os.defpath)])
    status = subprocess.run(words, cwd=ROOT, env={**os.environ, 'PATH': path}, check=False).returncode
    if status:
        raise SystemExit(status)


def show(scores: Scores, classes: list[str]) -> None:
    """Print accuracy and the confusion matrix, truth in rows."""
    table = Table(title=f'Confusion matrix, {len(scores.labels)} held-out clips; columns are the predictions')
    table.add_column('truth', no_wrap=True)
    for number in range(len(classes)):
        table.add_column(str(number), justify='right', no_wrap=True)
    for number, row in enumerate(scores.confusion(len(classes))):
        table.add_row(f'{number} {classes[number]}', *(str(count) if count else '·' for count in row))
    console.print(table)
    console.print(f'top-1 accuracy {scores.top1():.3f}, chance {1 / len(classes):.3f}')


if __name__ == '__main__':
    try:
        typer.run(quickstart)
    except InputError as error:
        sys.exit(f'quickstart: {error}')
