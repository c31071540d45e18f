"""What pyproject.toml cannot say: a wheel carries configs and tools where OpenMMLab's packages have them."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

# The others make or test the clone.
TOOLS = (
    'train.py',
    'test.py',
    'dist_train.sh',
    'dist_test.sh',
    'slurm_train.sh',
    'slurm_test.sh',
    'processes.sh',
)


class BuildWithConfigs(build_py):
    """Puts them into ``blazepose_skl/.mim``, where ``mim`` and blazepose_skl/configs.py look for them."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # they are found in the clone
            return
        root, target = Path(__file__).parent, Path(self.build_lib) / 'blazepose_skl/.mim'
        # A folder of an earlier build would bring back what has been removed since.
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(root / 'configs', target / 'configs', ignore=shutil.ignore_patterns('__pycache__'))
        (target / 'tools').mkdir()
        for name in TOOLS:
            shutil.copy(root / 'tools' / name, target / 'tools')
        shutil.copy(root / 'model-index.yml', target)


setup(cmdclass={'build_py': BuildWithConfigs})
