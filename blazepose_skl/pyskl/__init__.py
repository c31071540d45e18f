"""The PYSKL adapter: import it (``custom_imports``) and stock config lines take our skeletons.

What importing this module changes in PYSKL 0.1.0, and nothing else:

* ``Graph(layout=…)`` also takes the name of a registered skeleton, an inline one or a file, the modes of
  :mod:`blazepose_skl.partitions` stand beside its own, and it names the known layouts and modes when it gets
  another. ``JointToBone``, ``ToMotion`` and ``GenSkeFeat`` take the same in ``dataset=…``, and check the number of
  joints of every clip; ``GeneratePoseTarget`` takes it in ``skeletons=…`` and ``Flip`` in ``left_kp=…`` and
  ``right_kp=…``. The stock names reach the stock code.
* ``DGSTGCN`` has as many joints in its temporal part as our layout has, where stock has 25 unless told.
  ``SGN`` can be named in a config (PYSKL registers it nowhere), and takes its number of joints from ``layout=…``;
  so can ``JointToBone`` be in a pipeline.
* The networks' ``forward`` says so when the data's joints are not the graph's.
* ``PoseDataset`` says in a sentence that a file or split is missing or empty.
* ``load_from=dict(checkpoint=…, layout=…)`` begins with the weights of a network for another layout
  (:mod:`blazepose_skl.weights`).
* Training does not begin with a label that the model has no class for, in the clips to train or to validate with.
* The mends of :mod:`blazepose_skl.pyskl.mends`: checkpoints, testing and MS-G3D on today's PyTorch, training
  without CUDA.
* Registered beside the stock ones: the pipeline steps of :mod:`blazepose_skl.steps`.

The methods are wrapped on the stock classes, because PYSKL refers to these by Python name; importing twice
wraps once.
"""

try:
    import pyskl  # noqa: F401 (absent, it is said in a sentence)
except ImportError as error:
    raise ImportError(
        f'PYSKL cannot be imported here ({error}); docs/pyskl.md says how to make an environment that has it'
    ) from None

from blazepose_skl.pyskl import mends, stock, training

__all__ = ['mends', 'stock', 'training']
