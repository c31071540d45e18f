"""BlazePose skeletons for the graph networks of MMAction2 and PYSKL.

The core imports neither torch nor OpenCV nor MediaPipe; the framework adapter is
:mod:`blazepose_skl.mmaction2`.
"""

from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton, get_skeleton, register_skeleton, skeleton_names

__version__ = '0.1.0'

__all__ = ['InputError', 'Skeleton', '__version__', 'get_skeleton', 'register_skeleton', 'skeleton_names']
