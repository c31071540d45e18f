"""What libraries say past Python is left out; what we say, errors and last words are not."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

NOISE = (
    'INFO: Created TensorFlow Lite XNNPACK delegate for CPU.',
    'WARNING: Logging before InitGoogle() is written to STDERR',
    'W0000 00:00:1795296596.229879    9122 inference_feedback_manager.cc:121] Feedback manager requires',
    'I0000 00:00:1795296596.229879    9122 gl_context.cc:1] a note',
)


def run(code: str, *says: str) -> subprocess.CompletedProcess[str]:
    """A process in which C writes these lines to standard error within the block, and then does the rest."""
    lines = ''.join(f'{line}\n' for line in says)
    whole = (
        'import os, sys\nfrom blazepose_skl.cli.quiet import quiet_libraries\n'
        f'with quiet_libraries():\n    os.write(2, {lines.encode()!r})\n    {code}\nos.write(2, b"INFO: after\\n")\n'
    )
    return subprocess.run([sys.executable, '-c', whole], capture_output=True, text=True, check=False)


def test_notes_are_left_out_and_all_else_passes() -> None:
    error = 'E0000 00:00:1795296596.229879    9122 graph.cc:1] it does not work'
    result = run("print('ours', file=sys.stderr)", *NOISE, error, 'whatever')
    assert sorted(result.stderr.splitlines()) == sorted([error, 'whatever', 'ours', 'INFO: after'])
    assert result.returncode == 0


def test_what_python_says_is_not_filtered() -> None:
    assert 'INFO: ours' in run("print('INFO: ours', file=sys.stderr)").stderr


def test_an_exception_is_told_as_ever() -> None:
    result = run("raise KeyError('gone')", NOISE[0])
    assert result.returncode == 1
    assert result.stderr.endswith("KeyError: 'gone'\n")
    assert NOISE[0] not in result.stderr


@pytest.mark.skipif(not hasattr(signal, 'SIGKILL'), reason='there are no signals of that kind here')
def test_the_last_words_of_a_crash_are_not_lost() -> None:
    words = 'F0000 00:00:1795296596.229879    9122 packet.cc:80] Check failed: holder_ != nullptr'
    result = run('os.abort()', NOISE[1], words)
    assert result.returncode == -signal.SIGABRT
    assert words in result.stderr
    assert NOISE[1] not in result.stderr


def test_a_process_without_standard_error() -> None:
    code = (
        'import os; os.close(2)\nfrom blazepose_skl.cli.quiet import quiet_libraries\nwith quiet_libraries(): print(1)'
    )
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, '1\n')
