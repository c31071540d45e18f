"""What importing the core costs."""

import subprocess
import sys


def test_the_core_loads_no_framework():
    code = 'import sys, blazepose_skl, blazepose_skl.cli; print(*sys.modules)'
    out = subprocess.run([sys.executable, '-c', code], stdout=subprocess.PIPE, text=True, check=True).stdout
    loaded = {name.split('.')[0] for name in out.split()}
    assert 'blazepose_skl' in loaded
    assert not loaded & {'torch', 'cv2', 'mediapipe', 'mmengine', 'mmcv', 'mmaction', 'matplotlib', 'scipy'}
