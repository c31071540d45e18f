"""What importing the core costs."""

import subprocess
import sys


def test_the_core_loads_no_framework():
    code = 'import sys, blazepose_skl, blazepose_skl.cli; print(*sys.modules)'
    out = subprocess.run([sys.executable, '-c', code], stdout=subprocess.PIPE, text=True, check=True).stdout
    loaded = {name.split('.')[0] for name in out.split()}
    assert 'blazepose_skl' in loaded
    assert not loaded & {'torch', 'cv2', 'mediapipe', 'mmengine', 'mmcv', 'mmaction', 'matplotlib', 'scipy'}


def test_an_adapter_without_its_framework_is_one_sentence():
    code = "import sys; sys.modules['pyskl'] = None; import blazepose_skl.pyskl"
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert 'ImportError: PYSKL cannot be imported here (' in done.stderr.splitlines()[-1]
    assert 'docs/pyskl.md says how to make an environment' in done.stderr.splitlines()[-1]
    assert done.stderr.count('Traceback') == 1
