# MMAction2's default_runtime, with our adapter: `_base_ = 'mmaction::…'` would need setuptools < 81.
custom_imports = dict(imports=['blazepose_skl.mmaction2'], allow_failed_imports=False)
default_scope = 'mmaction'

# For the command line: --cfg-options ann_file=data.pkl num_classes=16 skeleton=mine.toml
runner_type = 'PoseRunner'
ann_file = None
num_classes = None
skeleton = None

default_hooks = dict(
    runtime_info=dict(type='RuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20, ignore_last=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=3, save_best='auto'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    sync_buffers=dict(type='SyncBuffersHook'),
)
custom_hooks = [dict(type='CheckLabels')]

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
log_processor = dict(type='LogProcessor', window_size=20, by_epoch=True)
# TensorBoard where it is installed: PoseRunner takes its backend out where it is not.
vis_backends = [dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
visualizer = dict(type='ActionVisualizer', vis_backends=vis_backends)
log_level = 'INFO'
load_from = None
resume = False

val_evaluator = [dict(type='AccMetric'), dict(type='SensitivityMetric')]
test_evaluator = val_evaluator
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
