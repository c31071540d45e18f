"""What the tools hand on, and what they say: every argument arrives as it was typed."""

import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from blazepose_skl.errors import InputError
from blazepose_skl.launch import explain, refuse_unknown_keys

TOOLS = Path(__file__).parent.parent / 'tools'
EXTRA = ['--work-dir', 'a folder', '--cfg-options', "model.name='a  b'", 'feats=["b"]', '*', '']


@pytest.fixture
def launch(tmp_path):
    """Run a script with programs on PATH that tell their arguments and OMP_NUM_THREADS."""

    def run(script, *arguments, **environment):
        for program in ('python', 'srun'):
            fake = tmp_path / program
            fake.write_text('#!/bin/sh\necho "threads $OMP_NUM_THREADS"\nprintf "%s\\n" "$0" "$@"\n')
            fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
        inherited = {key: value for key, value in os.environ.items() if key not in ('OMP_NUM_THREADS', 'PORT')}
        inherited['PATH'] = f'{tmp_path}{os.pathsep}{os.environ["PATH"]}'
        done = subprocess.run(
            ['bash', TOOLS / script, *arguments],
            env={**inherited, **environment},
            cwd=tmp_path,
            text=True,
            capture_output=True,
        )
        return done.returncode, done.stdout.split('\n')[:-1], done.stderr

    return run


@pytest.mark.parametrize(
    ('script', 'arguments', 'tool', 'handed_on'),
    [
        ('dist_train.sh', ['my config.py', '2'], 'train.py', ['my config.py', '--launcher', 'pytorch']),
        ('dist_test.sh', ['c.py', 'my best.pth', '2'], 'test.py', ['c.py', 'my best.pth', '--launcher', 'pytorch']),
        ('slurm_train.sh', ['gpu', 'my job', 'my config.py'], 'train.py', ['my config.py', '--launcher=slurm']),
        (
            'slurm_test.sh',
            ['gpu', 'job', 'c.py', 'my best.pth'],
            'test.py',
            ['c.py', 'my best.pth', '--launcher=slurm'],
        ),
    ],
)
def test_arguments_arrive_as_typed(launch, script, arguments, tool, handed_on):
    status, lines, _ = launch(script, *arguments, *EXTRA)
    assert status == 0
    at = lines.index(str(TOOLS / tool))
    assert lines[at + 1 :] == handed_on + EXTRA


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh'])
def test_too_few_arguments_show_the_usage(launch, script):
    status, lines, errors = launch(script, 'only')
    assert (status, lines) == (2, [])
    assert errors.startswith(f'usage: {script} ')


def test_several_machines(launch):
    _, lines, _ = launch('dist_train.sh', 'c.py', '8', NNODES='2', NODE_RANK='1', MASTER_ADDR='10.0.0.1', PORT='1234')
    for wanted in ('nnodes=2', 'node_rank=1', 'master_addr=10.0.0.1', 'master_port=1234', 'nproc_per_node=8'):
        assert f'--{wanted}' in lines


def test_one_machine_by_default(launch):
    _, lines, _ = launch('dist_train.sh', 'c.py', '2')
    for wanted in ('nnodes=1', 'node_rank=0', 'master_addr=127.0.0.1', 'master_port=29500', 'nproc_per_node=2'):
        assert f'--{wanted}' in lines


def test_processes_share_the_cores(launch):
    cores = os.cpu_count()
    assert launch('dist_train.sh', 'c.py', '1')[1][0] == f'threads {cores}'
    assert launch('dist_test.sh', 'c.py', 'c.pth', str(4 * cores))[1][0] == 'threads 1'
    assert launch('dist_train.sh', 'c.py', '1', OMP_NUM_THREADS='3')[1][0] == 'threads 3'
    assert launch('slurm_train.sh', 'gpu', 'job', 'c.py', CPUS_PER_TASK='6')[1][0] == 'threads 6'


def test_slurm_options(launch):
    _, lines, _ = launch(
        'slurm_train.sh', 'gpu', 'my job', 'c.py', GPUS='16', GPUS_PER_NODE='4', SRUN_ARGS='--time=1:00 --qos=high'
    )
    before = lines[: lines.index('python')]
    assert before[2:4] == ['-p', 'gpu']
    for wanted in ('--job-name=my job', '--ntasks=16', '--ntasks-per-node=4', '--gres=gpu:4', '--cpus-per-task=5'):
        assert wanted in before
    assert before[-2:] == ['--time=1:00', '--qos=high']


# -- what a user is told -----------------------------------------------------------------------------------


def test_worker_error_is_one_sentence():
    torch = pytest.importorskip('torch')

    class Broken(torch.utils.data.Dataset):
        def __len__(self):
            return 1

        def __getitem__(self, index):
            raise InputError('a.pkl: 25 joints; give 33')

    loader = torch.utils.data.DataLoader(Broken(), num_workers=1)
    with pytest.raises(InputError) as caught:
        next(iter(loader))
    assert 'Traceback' in str(caught.value)
    assert explain(caught.value) == 'a.pkl: 25 joints; give 33'


def test_a_bug_keeps_its_traceback():
    assert explain(TypeError('unsupported operand')) is None
    assert explain(KeyError('x')) is None


def test_missing_file_is_one_sentence():
    assert explain(FileNotFoundError(2, 'No such file or directory', 'best.pth')) == 'best.pth: no such file'
    assert explain(FileNotFoundError('best.pth can not be found.')) == 'best.pth can not be found.'


@pytest.mark.parametrize('text', ['epoch 3 of 40, best 0.91', 'no checkpoint', ''])
def test_a_text_is_no_checkpoint(tmp_path, text):
    torch = pytest.importorskip('torch')
    (tmp_path / 'a.pth').write_text(text)
    with pytest.raises((EOFError, LookupError, pickle.UnpicklingError)) as caught:
        torch.load(tmp_path / 'a.pth', weights_only=True)
    assert explain(caught.value).startswith('the checkpoint was not loaded: it is damaged, or ')


def test_unknown_type_and_key_of_a_config_are_one_sentence():
    registry = pytest.importorskip('mmengine').Registry('thing')
    registry.register_module(name='Thing', module=type('Thing', (), {}))
    for config, message in (
        (dict(type='Think'), 'Think is not in the'),
        (dict(type='Thing', depht=1), 'the config does not fit: Thing'),
    ):
        with pytest.raises((KeyError, TypeError)) as caught:
            registry.build(config)
        assert explain(caught.value).startswith(message)


def test_argument_that_a_backbone_does_not_take_is_one_sentence():
    pytest.importorskip('mmaction')
    adapter = pytest.importorskip('blazepose_skl.mmaction2')
    with pytest.raises(AssertionError) as caught:
        adapter.stock.STGCN(graph_cfg=dict(layout='blazepose', mode='spatial'), depht=4)
    assert explain(caught.value) == "the config does not fit: Invalid arguments: {'depht': 4}"


def test_unknown_option_is_refused_and_the_nearest_named():
    with pytest.raises(InputError, match=r"c\.py has no key 'num_clases'; did you mean 'num_classes'\?"):
        refuse_unknown_keys(['num_clases'], ['model', 'num_classes'], 'c.py')
    with pytest.raises(InputError, match=r"no key 'zzz'; it has model"):
        refuse_unknown_keys(['zzz.a.b'], ['model'], 'c.py')


@pytest.mark.parametrize('command', [[TOOLS / 'train.py'], ['-m', 'blazepose_skl.launch', 'train']])
def test_missing_config_is_one_sentence(command, tmp_path):
    pytest.importorskip('mmaction')
    environment = {**os.environ, 'PYTHONPATH': str(TOOLS.parent)}
    done = subprocess.run(
        [sys.executable, *command, 'no.py'], env=environment, cwd=tmp_path, text=True, capture_output=True
    )
    assert done.returncode == 1
    assert done.stderr.strip().endswith(
        'no.py: no such config file; `blazepose-skl configs` lists those that come with us'
    )
    assert 'Traceback' not in done.stderr


def test_unknown_tool_shows_the_usage():
    done = subprocess.run(
        [sys.executable, '-m', 'blazepose_skl.launch', 'swim'],
        env={**os.environ, 'PYTHONPATH': str(TOOLS.parent)},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith('usage: ')
