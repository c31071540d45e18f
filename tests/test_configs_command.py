"""The configs that come with us: by name, listed and copied."""

import re
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from blazepose_skl.cli import app
from blazepose_skl.configs import (
    choose_configs,
    config_names,
    configs_folder,
    copy_configs,
    find_config,
    kind_of,
)
from blazepose_skl.errors import InputError

NAMES = config_names()
SMALL = 'stgcnpp/stgcnpp_1xb16-joint-r32-40e-small_custom-blazepose.py'

BASES = [
    '_base_/inputs/joint-r32-40e-small-blazepose.py',
    '_base_/recipes/small.py',
    '_base_/runtime.py',
    *(f'_base_/models/{model}.py' for model in ('small', 'stgcnpp', 'stgcnpp_small')),
]


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob('*.py')}


def test_every_config_is_found_by_its_path_and_by_a_name_that_no_other_has():
    count = Counter(Path(name).name for name in NAMES)
    for name in NAMES:
        called = [name, Path(name).name] if count[Path(name).name] == 1 else [name]
        for given in (*called, *(each.removesuffix('.py') for each in called)):
            assert find_config(given) == configs_folder() / name
    # In OpenMMLab a config is called by its file name.
    assert all(count[Path(name).name] == 1 for name in NAMES if not name.startswith('pyskl/'))


def test_a_file_of_the_user_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / Path(SMALL).name).write_text('')
    assert find_config(Path(SMALL).name) == Path(Path(SMALL).name)


def test_every_name_but_those_of_pyskl_says_what_the_config_is():
    assert {name for name in NAMES if kind_of(name) is None} == {name for name in NAMES if name.startswith('pyskl/')}
    kind = kind_of('stgcn/stgcn_8xb16-bone-motion-u100-80e_ntu60-xsub-enhanced-blazepose-3d.py')
    assert (kind.folder, kind.input, kind.recipe, kind.data) == ('stgcn', 'bone-motion', 'u100-80e', 'ntu60-xsub')
    assert (kind.layout, kind.coordinates, kind.batch, kind.epochs) == ('enhanced-blazepose', '3d', 16, 80)


def test_a_name_is_that_config_alone_and_a_part_all_that_have_it():
    assert choose_configs(Path(SMALL).stem) == choose_configs(SMALL) == (SMALL,)
    assert choose_configs('ntu60') == tuple(name for name in NAMES if 'ntu60' in name)
    assert choose_configs('pyskl/*/j.py') == tuple(name for name in NAMES if re.fullmatch(r'pyskl/.*/j\.py', name))
    assert choose_configs('slowonly*') == tuple(name for name in NAMES if name.startswith('posec3d/'))


def test_a_copy_has_the_bases_it_needs_and_is_the_same_config(tmp_path):
    copied = copy_configs([SMALL], tmp_path / 'mine')
    assert files(tmp_path / 'mine') == set(copied) == {SMALL, *BASES}
    assert all((tmp_path / 'mine' / name).read_bytes() == (configs_folder() / name).read_bytes() for name in copied)
    config = pytest.importorskip('mmengine.config').Config
    assert config.fromfile(tmp_path / 'mine' / SMALL).to_dict() == config.fromfile(find_config(SMALL)).to_dict()


def test_a_copy_of_all_is_the_folder(tmp_path):
    copy_configs(NAMES, tmp_path)
    assert files(tmp_path) == files(configs_folder())


def test_a_copy_beside_another_takes_nothing_away(tmp_path):
    first = copy_configs([SMALL], tmp_path)
    (tmp_path / 'mine.py').write_text('')
    assert copy_configs([SMALL], tmp_path) == first
    base = tmp_path / '_base_/recipes/small.py'
    base.write_text('# mine')
    before = files(tmp_path)
    with pytest.raises(InputError, match=r'recipes/small\.py: is there already, and is not our file; give another'):
        copy_configs([name for name in NAMES if name.startswith('stgcnpp/')], tmp_path)
    assert base.read_text() == '# mine'
    assert files(tmp_path) == before


def test_what_a_user_is_told():
    with pytest.raises(InputError, match=r'nowhere\.py: no such config file; `blazepose-skl configs` lists those that'):
        find_config('nowhere.py')
    with pytest.raises(InputError, match=rf'no such config file; did you mean {re.escape(SMALL)}\? `blazepose-skl con'):
        find_config(Path(SMALL).name.replace('stgcnpp', 'stgcnp'))
    with pytest.raises(InputError, match=r'^j\.py: 8 configs that come with us are called so; say which: pyskl/stgcn/'):
        find_config('j.py')
    with pytest.raises(
        InputError, match=rf'no config is called so or has all of it in its name; did you mean {re.escape(SMALL)}'
    ):
        choose_configs(Path(SMALL).stem.replace('blazepose', 'blazepoze'))


def test_the_command(tmp_path):
    run = CliRunner().invoke
    table = run(app, ['configs'], env={'COLUMNS': '100'})
    assert table.exit_code == 0
    counts = re.findall(r' (\d+) *$', table.output, re.MULTILINE)
    assert sum(map(int, counts)) == len(NAMES)
    assert run(app, ['configs', 'paper/']).output.splitlines() == [n for n in NAMES if n.startswith('paper/')]
    copied = run(app, ['configs', SMALL, '--to', str(tmp_path)])
    assert (copied.exit_code, copied.stdout.strip()) == (0, str(tmp_path / SMALL))
    (tmp_path / 'file').touch()
    refused = run(app, ['configs', SMALL, '--to', str(tmp_path / 'file')])
    assert 'cannot be written' in str(refused.exception)
