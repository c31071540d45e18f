"""The MMAction2 adapter: import it (``custom_imports``) and stock config lines take our skeletons.

What importing this module changes in MMAction2 1.x, and nothing else:

* ``Graph(layout=…)`` also takes the name of a registered skeleton, of a file that declares one, or an inline
  one, and names the known layouts and modes when it gets another. ``JointToBone``, ``ToMotion`` and
  ``GenSkeFeat`` take the same in ``dataset=…``, and check the number of joints of every clip;
  ``GeneratePoseTarget`` takes it in ``skeletons=…`` for limbs, left and right, and ``Flip`` in the place of the
  lists ``left_kp`` and ``right_kp``. The stock names reach the stock code.
* ``Graph(mode=…)`` also takes the modes of :mod:`blazepose_skl.partitions`, for the stock layouts too.
* ``STGCN.forward`` and ``AAGCN.forward`` say so when the data's joints are not the graph's.
* The mends of :mod:`blazepose_skl.compat`.
* ``BaseHead.loss_by_feat`` counts training accuracy under bfloat16 autocast too.
* ``PoseDataset`` says in a sentence that a file or split is missing or empty; its ``metainfo``, which checkpoints
  keep, has the class names of the file and the usual length and rate of the clips. With an ``ann_file`` that ends in
  .arrow it becomes an ``ArrowPoseDataset``, which reads each clip from there when it is asked for.
  ``get_cat_ids`` is added, which MMEngine's ``ClassBalancedDataset`` asks for.
* ``PoseCompact`` finds ``np.Inf``, which NumPy 2 has not (:func:`blazepose_skl.compat.spell_infinity`).
* Registered beside the stock ones: the transforms ``FaceCamera``, ``NormalizeBody``, ``RandomRotateSkeleton``,
  ``RandomScaleSkeleton``, ``RandomFlipSkeleton``, ``RandomPlace``, ``RemapSkeleton``, ``RepeatOrDropFrames``,
  ``ResampleFrames``, ``UniformSampleSkeleton``, the optimiser wrapper ``AutocastOptimWrapper``, the sampler
  ``ClassBalancedSampler``, the hooks ``CheckLabels``, ``ClassWeights``, ``CompileBackbone`` and ``InitializeFrom``,
  the runner ``PoseRunner`` and the metric ``SensitivityMetric``.

The methods are wrapped on the stock classes, because backbones and ``GenSkeFeat`` refer to these by Python
name; importing twice wraps once.
"""

from blazepose_skl import compat

compat.mend()  # before the imports of MMAction2 that need it

from blazepose_skl.mmaction2 import balance, compiling, initialize, largesets, metrics, stock, training, transforms

__all__ = ['balance', 'compiling', 'initialize', 'largesets', 'metrics', 'stock', 'training', 'transforms']
