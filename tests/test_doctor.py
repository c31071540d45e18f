"""Every check with constructed facts, then the facts of this machine."""

import io
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from rich.console import Console

from blazepose_skl import cli, doctor
from blazepose_skl.doctor import CHECKS, Facts, diagnose, gather_facts, show_findings

GOOD = Facts(
    python='3.11.7',
    packages={
        'torch': '2.13.0+cpu',
        'numpy': '2.4.6',
        'mmcv-lite': '2.1.0',
        'mmengine': '0.10.7',
        'mmaction2': '1.2.0',
        'mediapipe': '1.2.2',
        'opencv-python': '5.0.0.93',
        'setuptools': '80.10.2',
    },
    bf16=True,
)
EXTRA = 'pip install "blazepose-skl[mmaction2]"'
BESIDE_MMCV = 'pip install "blazepose-skl[mmaction2-mmcv]"'


def having(*absent, facts=GOOD, **versions):
    packages = {name: version for name, version in facts.packages.items() if name not in absent}
    return replace(facts, packages={**packages, **{name.replace('_', '-'): v for name, v in versions.items()}})


def commands(facts):
    return list(dict.fromkeys(finding.command for finding in diagnose(facts) if finding.command))


def shown(facts):
    text = io.StringIO()
    show_findings(diagnose(facts), Console(file=text, width=200))
    return text.getvalue()


# -- laws --------------------------------------------------------------------------------------------------


def test_a_good_machine_can_train():
    assert all(finding.ok for finding in diagnose(GOOD))
    assert commands(GOOD) == []
    assert shown(GOOD).endswith('This machine can train.\n')


BROKEN = [
    having('mmaction2'),
    having('torch'),
    having('mmcv-lite'),
    having('mmengine'),
    having('opencv-python'),
    having(mmcv='2.1.0'),
    having(mmcv_lite='2.2.0'),
    having(torch='2.0.1'),
    replace(GOOD, modules=frozenset()),
    replace(GOOD, adapter='ImportError: ?'),
    replace(Facts(python='3.11.7'), adapter="ModuleNotFoundError: No module named 'torch'"),
]


@pytest.mark.parametrize('facts', BROKEN)
def test_a_broken_machine_gets_a_problem_and_a_command(facts):
    wrong = [finding for finding in diagnose(facts) if not finding.ok]
    assert wrong
    assert all(finding.problem for finding in wrong)
    assert commands(facts)
    text = shown(facts)
    assert 'can train' not in text
    for command in commands(facts):
        assert f'\n  {command}\n' in text


@pytest.mark.parametrize('facts', [GOOD, *BROKEN])
def test_a_command_stands_only_where_something_is_wrong(facts):
    for check in CHECKS:
        finding = check(facts)
        assert bool(finding.command) == (not finding.ok)


@pytest.mark.parametrize('facts', BROKEN)
def test_no_command_puts_one_mmcv_on_another(facts):
    for command in commands(facts):
        assert len(set(re.findall(r'mmcv-lite|mmcv(?!-lite)', command.rpartition('pip install')[2]))) <= 1


# -- each check ----------------------------------------------------------------------------------------------


def test_a_bare_machine_needs_one_command():
    facts = replace(
        Facts(python='3.11.7', modules=frozenset()), packages={'numpy': '2.4.6'}, adapter="No module named 'torch'"
    )
    assert commands(facts) == [EXTRA]


def test_full_mmcv_keeps_mmcv_lite_away():
    facts = having('mmaction2', 'mmcv-lite', mmcv='2.1.0')
    assert commands(facts) == [BESIDE_MMCV]


def test_mmcv_out_of_range_goes_before_mmaction2_comes():
    facts = having('mmaction2', 'mmcv-lite', mmcv='2.2.0')
    assert commands(facts) == ['pip uninstall -y mmcv && pip install "mmcv-lite>=2.0.0,<2.2.0"', EXTRA]


@pytest.mark.parametrize(
    ('version', 'ok'), [('2.0.0rc3', False), ('2.0.0rc4', True), ('2.1.0', True), ('2.2.0', False)]
)
def test_mmcv_range(version, ok):
    (finding,) = (f for f in diagnose(having('mmcv-lite', mmcv=version)) if f.name == 'MMCV')
    assert finding.ok == ok


def test_two_mmcvs_without_operators_become_mmcv_lite():
    assert commands(having(mmcv='2.1.0')) == [
        'pip uninstall -y mmcv mmcv-lite && pip install --force-reinstall --no-deps mmcv-lite==2.1.0'
    ]


def test_two_mmcvs_with_operators_become_mmcv_again():
    facts = replace(having(mmcv='2.0.1'), mmcv_ops=True)
    assert commands(facts) == [
        'pip uninstall -y mmcv-lite && pip install --force-reinstall --no-deps --no-build-isolation mmcv==2.0.1'
    ]


def test_parts_that_upstream_forgot():
    assert commands(replace(GOOD, modules=frozenset({'pkg_resources'}))) == ['pip install importlib_metadata']
    assert commands(replace(GOOD, modules=frozenset({'importlib_metadata'}))) == ['pip install "setuptools<81"']


def test_versions():
    assert commands(having(torch='2.0.1')) == ['pip install "torch>=2.1"', 'pip install "numpy<2"']
    assert commands(having(mmengine='0.7.0')) == ['pip install mmengine==0.10.7']
    assert commands(having(mmaction2='0.24.1')) == ['pip install mmaction2==1.2.0']


def test_what_the_adapter_mends_is_said_and_is_no_fault():
    text = shown(GOOD)
    assert 'loads weights only, which MMEngine does not expect; mended by our adapter' in text
    assert 'lacks models/localizers/drn; mended by our adapter' in text
    assert 'weights only' not in shown(having(torch='2.5.1'))
    assert 'drn' not in shown(replace(GOOD, drn=True))


def test_mediapipe_is_not_needed_for_training():
    assert all(finding.ok for finding in diagnose(having('mediapipe')))


def test_device():
    assert 'CUDA: NVIDIA H200' in shown(replace(GOOD, cuda='NVIDIA H200'))
    assert 'CPU with bfloat16, no CUDA' in shown(GOOD)
    assert 'training will be slow on this CPU' in shown(replace(GOOD, bf16=False))


@pytest.mark.parametrize(
    ('error', 'command'),
    [
        ("ModuleNotFoundError: No module named 'einops'", 'pip install einops'),
        ("ModuleNotFoundError: No module named 'cv2'", 'pip install opencv-python-headless'),
        (
            'ImportError: libGL.so.1: cannot open shared object file',
            'pip uninstall -y opencv-python && pip install opencv-python-headless',
        ),
        ('RuntimeError: [something odd]', f'{EXTRA} --upgrade'),
    ],
)
def test_failing_adapter(error, command):
    facts = replace(GOOD, adapter=error)
    assert commands(facts) == [command]
    assert error in shown(facts)


def test_failing_adapter_follows_from_a_failing_part():
    facts = replace(having('mmengine'), adapter="ModuleNotFoundError: No module named 'mmengine'")
    assert commands(facts) == ['pip install mmengine==0.10.7']
    assert 'look again when the above is mended' in shown(facts)


# -- the facts -----------------------------------------------------------------------------------------------


def test_a_crash_is_told_and_what_came_before_it_kept():
    crash = 'import os; print(\'{"bf16": true}\', flush=True); os.abort()'
    answers = doctor._probe([sys.executable, '-c', crash])
    assert answers['bf16'] is True
    assert 'died with status' in answers['adapter']


def test_facts_of_this_machine():
    facts = gather_facts()
    assert facts.python.startswith(f'{sys.version_info.major}.{sys.version_info.minor}')
    assert 'numpy' in facts.packages
    if 'mmaction2' in facts.packages and 'mmengine' in facts.packages:
        assert facts.adapter == ''


def test_looking_imports_no_framework():
    code = 'import sys, blazepose_skl.doctor; print([m for m in ("torch", "cv2", "mmcv") if m in sys.modules])'
    assert subprocess.check_output([sys.executable, '-c', code], text=True).strip() == '[]'


@pytest.mark.parametrize(('facts', 'status'), [(GOOD, 0), (having('torch'), 1)])
def test_command_ends_with_the_verdict(facts, status, monkeypatch, capsys):
    monkeypatch.setattr(doctor, 'gather_facts', lambda: facts)
    monkeypatch.setattr('sys.argv', ['blazepose-skl', 'doctor'])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code or 0) == status
    assert 'MMAction2' in capsys.readouterr().out
