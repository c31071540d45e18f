"""The wheel, built from the source distribution: what OpenMMLab's tools look for is in it, and it trains by itself."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

yaml = pytest.importorskip('yaml', reason='PyYAML is absent')

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / 'tools'))
import write_configs

MIM = 'blazepose_skl/.mim'
CONFIG = 'stgcnpp_1xb16-joint-r32-40e-small_custom-blazepose.py'


def run(*command, cwd):
    """Run a command that knows nothing of the clone."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith('PYTHON')}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f'{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}'
    return done.stdout


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """The wheel built from the source distribution; neither is built in the clone, where it would leave traces."""
    folder = tmp_path_factory.mktemp('wheel')
    source = folder / 'source'
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns('.*', 'build', '*.egg-info', 'work_dirs', 'quickstart'))
    run(sys.executable, '-c', "import setuptools.build_meta as b; b.build_sdist('..')", cwd=source)
    (archive,) = folder.glob('*.tar.gz')
    shutil.rmtree(source)
    run(sys.executable, '-m', 'pip', 'wheel', '--no-deps', '--no-build-isolation', archive.name, cwd=folder)
    (built,) = folder.glob('*.whl')
    return built


def test_metafiles_are_those_that_are_written():
    assert {path.parent.name for path in write_configs.CONFIGS.glob('*/metafile.yml')} == set(write_configs.COLLECTIONS)
    for name, text in write_configs.metafiles().items():
        assert (write_configs.CONFIGS / name).read_text() == text
    assert (ROOT / 'model-index.yml').read_text() == write_configs.model_index()


def test_the_index_leads_to_every_leaf():
    models = []
    for metafile in yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']:
        content = yaml.safe_load((ROOT / metafile).read_text())
        (collection,) = content['Collections']
        assert all(model['In Collection'] == collection['Name'] for model in content['Models'])
        models += content['Models']
    assert sorted(model['Config'] for model in models) == [f'configs/{name}' for name in sorted(write_configs.leaves())]
    assert all(Path(model['Config']).stem == model['Name'] for model in models)


def test_a_wheel_carries_configs_and_tools(wheel):
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith(f'{MIM}/')}
    configs = {
        f'{MIM}/{path.relative_to(ROOT).as_posix()}'
        for path in write_configs.CONFIGS.rglob('*')
        if path.suffix in ('.py', '.yml')
    }
    tools = {f'{kind}_{tool}.sh' for kind in ('dist', 'slurm') for tool in ('train', 'test')}
    tools |= {'train.py', 'test.py', 'processes.sh'}
    assert inside == configs | {f'{MIM}/tools/{name}' for name in tools} | {f'{MIM}/model-index.yml'}


def test_a_wheel_trains_without_the_clone(wheel, tmp_path):
    pip = (sys.executable, '-m', 'pip', '--quiet', '--disable-pip-version-check')
    reached = subprocess.run(
        [*pip, 'download', '--no-deps', '--dest', tmp_path, 'addict'], capture_output=True, text=True
    )
    if reached.returncode:
        pytest.skip(f'pip reaches no package index: {reached.stderr.strip().splitlines()[-1]}')
    run(sys.executable, '-m', 'venv', tmp_path / 'clean', cwd=tmp_path)
    programs = tmp_path / 'clean' / ('Scripts' if os.name == 'nt' else 'bin')
    python, blazepose_skl = programs / 'python', programs / 'blazepose-skl'
    constraints = ('--constraint', ROOT / 'constraints.txt')
    run(python, *pip[1:], 'install', '--no-compile', *constraints, f'{wheel}[mmaction2]', cwd=tmp_path)
    package = Path(run(python, '-c', 'import blazepose_skl; print(blazepose_skl.__path__[0])', cwd=tmp_path).strip())
    assert tmp_path.resolve() in package.resolve().parents

    run(blazepose_skl, 'synthesize', 'dumps', '--clips-per-class', '2', '--people', '2', cwd=tmp_path)
    run(blazepose_skl, 'convert', 'dumps', 'data.pkl', '--last', '1', cwd=tmp_path)
    # 10 clips are one step. `mim train` runs this script, which is `python -m blazepose_skl.launch train`.
    settings = ('--work-dir', 'work', '--cfg-options', 'ann_file=data.pkl', 'num_classes=10')
    run(python, package / '.mim/tools/train.py', CONFIG, *settings, 'train_cfg.max_epochs=1', cwd=tmp_path)
    run(python, '-m', 'blazepose_skl.launch', 'test', CONFIG, 'work/epoch_1.pth', *settings, cwd=tmp_path)

    run(blazepose_skl, 'configs', CONFIG, '--to', 'mine', cwd=tmp_path)
    copied = {path.relative_to(tmp_path / 'mine') for path in (tmp_path / 'mine').rglob('*.py')}
    assert {path.name for path in copied} >= {CONFIG, 'runtime.py', 'small.py'}
    assert all(
        (tmp_path / 'mine' / path).read_bytes() == (write_configs.CONFIGS / path).read_bytes() for path in copied
    )
