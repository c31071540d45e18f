"""Is this machine's stack able to train, and what mends it: ``blazepose-skl doctor``.

Facts are gathered first (:func:`gather_facts`), then judged by :data:`CHECKS`, which look at the facts
alone. What might crash is tried in a process of its own.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

__all__ = ['CHECKS', 'Facts', 'Finding', 'diagnose', 'doctor', 'gather_facts', 'show_findings']

MMCVS = ('mmcv', 'mmcv-lite', 'mmcv-full')
OPENCVS = ('opencv-python', 'opencv-contrib-python', 'opencv-python-headless', 'opencv-contrib-python-headless')
PACKAGES = ('torch', 'numpy', *MMCVS, 'mmengine', 'mmaction2', 'mediapipe', *OPENCVS, 'setuptools')
MODULES = ('importlib_metadata', 'pkg_resources')

_EXTRA = 'pip install "blazepose-skl[mmaction2]"'
_EXTRA_BESIDE_MMCV = 'pip install "blazepose-skl[mmaction2-mmcv]"'


@dataclass(frozen=True)
class Facts:
    """What is on this machine.

    Attributes:
        python: Version.
        packages: Version of every installed distribution of :data:`PACKAGES`.
        modules: Those of :data:`MODULES` that can be imported.
        mmcv_ops: The installed mmcv has its compiled operators.
        drn: mmaction2 has the folder ``models/localizers/drn``.
        cuda: What CUDA device torch sees, '' for none.
        bf16: torch can compute in bfloat16 on this CPU; None where it does not say.
        adapter: '' if the adapter was imported and a graph of our layout built, else the error's last line.
    """

    python: str
    packages: Mapping[str, str] = field(default_factory=dict)
    modules: frozenset[str] = frozenset(MODULES)
    mmcv_ops: bool = False
    drn: bool = False
    cuda: str = ''
    bf16: bool | None = None
    adapter: str = ''


@dataclass(frozen=True)
class Finding:
    """What one check says.

    Attributes:
        name: What was looked at.
        found: What was found, for the table.
        ok: Training is possible as far as this goes.
        problem: What is wrong; where ``ok``, a remark or nothing.
        command: The one command that mends it, '' where ``ok``.
    """

    name: str
    found: str
    ok: bool = True
    problem: str = ''
    command: str = ''


Check = Callable[[Facts], Finding]


# -- the facts --------------------------------------------------------------------------------------------

# Answers are printed one by one, so that those before a crash count.
_PROBE = """
import json
def tell(**answer):
    print('\\n' + json.dumps(answer), flush=True)
try:
    import torch
    tell(cuda=torch.cuda.get_device_name() if torch.cuda.is_available() else '')
    tell(bf16=bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()))
except Exception:
    pass
try:
    import blazepose_skl.mmaction2
    from mmaction.models.utils.graph import Graph
    Graph(layout='blazepose', mode='spatial')
    tell(adapter='')
except Exception as error:
    tell(adapter=' '.join(f'{type(error).__name__}: {error}'.split()))
"""


def gather_facts() -> Facts:
    """Look at this interpreter's environment; takes seconds, since torch is imported in another process."""
    mmaction, mmcv = _folder('mmaction'), _folder('mmcv')
    return Facts(
        python=platform.python_version(),
        packages={name: version for name in PACKAGES if (version := _version(name))},
        modules=frozenset(name for name in MODULES if importlib.util.find_spec(name)),
        mmcv_ops=mmcv is not None and any((*mmcv.glob('_ext*.so'), *mmcv.glob('_ext*.pyd'))),
        drn=mmaction is not None and (mmaction / 'models/localizers/drn').is_dir(),
        **_probe([sys.executable, '-W', 'ignore', '-c', _PROBE]),
    )


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ''


def _folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def _probe(command: list[str]) -> dict[str, Any]:
    """The answers of the probe; where it ended early, ``adapter`` says how."""
    try:
        done = subprocess.run(command, text=True, capture_output=True, timeout=300)
    except subprocess.TimeoutExpired:
        return {'adapter': 'importing took more than five minutes'}
    answers: dict[str, Any] = {}
    for line in done.stdout.splitlines():
        # Libraries print too, among them lines that are JSON but no answer.
        if line.startswith('{"'):
            answers.update(json.loads(line))
    if 'adapter' not in answers:
        last = done.stderr.strip().rpartition('\n')[2]
        answers['adapter'] = f'the process that imported it died with status {done.returncode}: {last}'
    return answers


# -- the checks -------------------------------------------------------------------------------------------


def _release(version: str) -> tuple[int, int, int, int]:
    """Versions in order; the last number is that of a pre-release, large for a release.

    >>> _release('2.0.0rc4') < _release('2.0.0') < _release('2.1') < _release('2.13.0+cpu')
    True
    """
    match = re.match(r'(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.?(?:rc|dev|a|b)(\d+))?', version)
    major, minor, patch, pre = match.groups() if match else ('0',) * 4
    return int(major), int(minor or 0), int(patch or 0), int(pre) if pre else sys.maxsize


def _has_full_mmcv(facts: Facts) -> bool:
    return 'mmcv' in facts.packages and _mmcv_accepted(facts.packages['mmcv'])


def _mmcv_accepted(version: str) -> bool:
    return _release('2.0.0rc4') <= _release(version) < (2, 2, 0)


def _extra(facts: Facts) -> str:
    return _EXTRA_BESIDE_MMCV if _has_full_mmcv(facts) else _EXTRA


def _or_extra(facts: Facts, command: str) -> str:
    """The command for a part of the stack; on a machine without MMAction2 the one that installs it all."""
    return command if 'mmaction2' in facts.packages else _extra(facts)


def check_python(facts: Facts) -> Finding:
    return Finding('Python', facts.python)


def check_torch(facts: Facts) -> Finding:
    version = facts.packages.get('torch', '')
    if not version:
        return Finding('PyTorch', 'not installed', False, 'nothing trains without PyTorch', _extra(facts))
    if _release(version) < (2, 1):
        return Finding('PyTorch', version, False, 'older than 2.1', 'pip install "torch>=2.1"')
    mended = 'loads weights only, which MMEngine does not expect; mended by our adapter'
    return Finding('PyTorch', version, problem=mended if _release(version) >= (2, 6) else '')


def check_device(facts: Facts) -> Finding:
    bf16 = {True: 'with bfloat16', False: 'without bfloat16', None: 'bfloat16 unknown'}[facts.bf16]
    remark = 'training will be slow on this CPU' if facts.bf16 is False and not facts.cuda else ''
    return Finding('Device', f'CUDA: {facts.cuda}' if facts.cuda else f'CPU {bf16}, no CUDA', problem=remark)


def check_numpy(facts: Facts) -> Finding:
    version, torch = facts.packages.get('numpy', ''), facts.packages.get('torch', '')
    if not version:
        return Finding('NumPy', 'not installed', False, 'the package itself needs it', 'pip install numpy')
    if torch and _release(version) >= (2,) and _release(torch) < (2, 3):
        return Finding('NumPy', version, False, f'PyTorch {torch} was built for NumPy 1', 'pip install "numpy<2"')
    return Finding('NumPy', version)


def check_mmaction2(facts: Facts) -> Finding:
    version = facts.packages.get('mmaction2', '')
    if not version:
        return Finding('MMAction2', 'not installed', False, 'its are the models and the training loop', _extra(facts))
    if _release(version) < (1,):
        problem = 'the 0.x releases know neither ST-GCN++ nor MMEngine'
        return Finding('MMAction2', version, False, problem, 'pip install mmaction2==1.2.0')
    remark = '' if version == '1.2.0' else 'not the version that we tested, 1.2.0'
    if not facts.drn:
        remark = 'its wheel lacks models/localizers/drn; mended by our adapter'
    return Finding('MMAction2', version, problem=remark)


def check_mmcv(facts: Facts) -> Finding:
    found = {name: facts.packages[name] for name in MMCVS if name in facts.packages}
    text = ', '.join(f'{name} {version}' for name, version in found.items()) or 'not installed'
    if not found:
        problem = 'MMAction2 needs it; mmcv-lite is enough for skeletons'
        return Finding('MMCV', text, False, problem, _or_extra(facts, 'pip install "mmcv-lite>=2.0.0,<2.2.0"'))
    if len(found) > 1:
        problem = f'{" and ".join(found)} overwrite one another; only one may be installed'
        if _has_full_mmcv(facts) and facts.mmcv_ops:
            others = ' '.join(name for name in found if name != 'mmcv')
            # Without build isolation, because mmcv compiles its operators against the installed torch.
            again = f'pip install --force-reinstall --no-deps --no-build-isolation mmcv=={found["mmcv"]}'
            return Finding('MMCV', text, False, problem, f'pip uninstall -y {others} && {again}')
        again = 'pip install --force-reinstall --no-deps mmcv-lite==2.1.0'
        return Finding('MMCV', text, False, problem, f'pip uninstall -y {" ".join(found)} && {again}')
    ((name, version),) = found.items()
    if not _mmcv_accepted(version):
        problem = 'MMAction2 1.2.0 accepts 2.0.0rc4 to below 2.2.0; mmcv-lite is enough for skeletons'
        command = 'pip install "mmcv-lite>=2.0.0,<2.2.0"'
        return Finding(
            'MMCV', text, False, problem, command if name == 'mmcv-lite' else f'pip uninstall -y {name} && {command}'
        )
    return Finding('MMCV', text)


def check_mmengine(facts: Facts) -> Finding:
    version = facts.packages.get('mmengine', '')
    if not version or not (0, 7, 1) <= _release(version) < (1, 0):
        problem = 'MMAction2 1.2.0 accepts 0.7.1 to below 1.0'
        return Finding(
            'MMEngine', version or 'not installed', False, problem, _or_extra(facts, 'pip install mmengine==0.10.7')
        )
    return Finding('MMEngine', version, problem='' if version == '0.10.7' else 'not the version that we tested, 0.10.7')


def check_importlib_metadata(facts: Facts) -> Finding:
    if 'importlib_metadata' in facts.modules:
        return Finding('importlib_metadata', 'installed')
    problem = 'MMAction2 imports it and does not declare it'
    command = _or_extra(facts, 'pip install importlib_metadata')
    return Finding('importlib_metadata', 'not installed', False, problem, command)


def check_setuptools(facts: Facts) -> Finding:
    version = facts.packages.get('setuptools', 'not installed')
    if 'pkg_resources' in facts.modules:
        return Finding('setuptools', version)
    problem = "MMEngine imports pkg_resources for `_base_ = 'mmaction::…'`, and setuptools has dropped it"
    return Finding('setuptools', version, False, problem, _or_extra(facts, 'pip install "setuptools<81"'))


def check_opencv(facts: Facts) -> Finding:
    found = [f'{name} {facts.packages[name]}' for name in OPENCVS if name in facts.packages]
    if found:
        return Finding('OpenCV', ', '.join(found))
    command = _or_extra(facts, 'pip install opencv-python-headless')
    return Finding('OpenCV', 'not installed', False, 'MMCV imports it', command)


def check_mediapipe(facts: Facts) -> Finding:
    version = facts.packages.get('mediapipe', '')
    if not version:
        return Finding('MediaPipe', 'not installed', problem='needed only to make dumps from videos')
    return Finding('MediaPipe', version)


_DISTRIBUTIONS = {'cv2': 'opencv-python-headless', 'PIL': 'Pillow', 'yaml': 'PyYAML'}


def check_adapter(facts: Facts) -> Finding:
    """The proof of it all; what the other checks do not know shows here."""
    name = 'blazepose_skl.mmaction2'
    if not facts.adapter:
        return Finding(name, 'imports, and builds a graph')
    command = f'{_extra(facts)} --upgrade'
    absent = re.search(r"No module named '(\w+)'", facts.adapter)
    if re.search(r'lib(GL|gthread|xcb|SM|Xext)\S*\.so', facts.adapter):
        # OpenCV's desktop builds want libraries that a server has not.
        ours = ' '.join(name for name in OPENCVS if name in facts.packages) or 'opencv-python'
        command = f'pip uninstall -y {ours} && pip install opencv-python-headless'
    elif absent and absent[1] not in ('mmaction', 'mmcv', 'mmengine', 'torch', 'blazepose_skl'):
        command = f'pip install {_DISTRIBUTIONS.get(absent[1], absent[1])}'
    return Finding(name, 'fails', False, facts.adapter, command)


CHECKS: tuple[Check, ...] = (
    check_python,
    check_torch,
    check_device,
    check_numpy,
    check_mmcv,  # before mmaction2: what installs that must not find a wrong mmcv
    check_mmaction2,
    check_mmengine,
    check_importlib_metadata,
    check_setuptools,
    check_opencv,
    check_mediapipe,
    check_adapter,
)


# -- what is shown ----------------------------------------------------------------------------------------


def diagnose(facts: Facts) -> list[Finding]:
    """A finding for each check, in their order.

    Where a part is wrong, a failure of the adapter follows from it and gets no command of its own.
    """
    *parts, adapter = (check(facts) for check in CHECKS)
    if not adapter.ok and not all(part.ok for part in parts):
        adapter = replace(adapter, problem=f'{adapter.problem}; look again when the above is mended', command='')
    return [*parts, adapter]


def show_findings(findings: Iterable[Finding], console: Console) -> None:
    """Print a table, and below it each problem with its command on a line of its own."""
    findings = list(findings)
    table = Table('', 'what', 'found', 'remark', box=None, pad_edge=False)
    for finding in findings:
        mark = '[green]ok[/]' if finding.ok else '[red]no[/]'
        table.add_row(mark, finding.name, escape(finding.found), escape(finding.problem))
    console.print(table)
    commands = list(dict.fromkeys(finding.command for finding in findings if finding.command))
    if commands:
        console.print('\n[bold]What mends it[/], in this order:')
        for command in commands:
            # Never wrapped: it is meant to be copied.
            console.print(f'  {command}', markup=False, highlight=False, soft_wrap=True)
    elif all(finding.ok for finding in findings):
        console.print('\nThis machine can train.')


def doctor() -> int:
    """Print what is installed, what is wrong and what mends it; 0 if this machine can train, else 1."""
    findings = diagnose(gather_facts())
    show_findings(findings, Console())
    return 0 if all(finding.ok for finding in findings) else 1
