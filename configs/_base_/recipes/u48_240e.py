# MMAction2's recipe for PoseC3D: 24 epochs over the data repeated ten times (hence "240e").
# The pipelines are in the parts that stand around GeneratePoseTarget, which the leaf states.
_base_ = '../runtime.py'

__crop_train = [
    dict(type='PoseCompact', hw_ratio=1.0, allow_imgpad=True),
    dict(type='Resize', scale=(-1, 64)),
    dict(type='RandomResizedCrop', area_range=(0.56, 1.0)),
    dict(type='Resize', scale=(56, 56), keep_ratio=False),
    dict(type='Flip', flip_ratio=0.5, left_kp='blazepose'),
]
__crop_test = [
    dict(type='PoseCompact', hw_ratio=1.0, allow_imgpad=True),
    dict(type='Resize', scale=(-1, 64)),
    dict(type='CenterCrop', crop_size=64),
]
before_train = [dict(type='UniformSampleFrames', clip_len=48), dict(type='PoseDecode'), *__crop_train]
before_val = [
    dict(type='UniformSampleFrames', clip_len=48, num_clips=1, test_mode=True),
    dict(type='PoseDecode'),
    *__crop_test,
]
before_test = [
    dict(type='UniformSampleFrames', clip_len=48, num_clips=10, test_mode=True),
    dict(type='PoseDecode'),
    *__crop_test,
]
after_train = after_val = after_test = [
    dict(type='FormatShape', input_format='NCTHW_Heatmap'),
    dict(type='PackActionInputs', meta_keys=('frame_dir', 'img_shape')),  # dumped scores say whose they are
]

__loader = dict(num_workers=8, persistent_workers=True)
train_dataloader = dict(
    **__loader,
    batch_size=16,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='RepeatDataset',
        times=10,
        dataset=dict(type='PoseDataset', ann_file='data/blazepose.pkl', split='train'),
    ),
)
__val = dict(type='PoseDataset', ann_file='data/blazepose.pkl', split='val', test_mode=True)
val_dataloader = dict(**__loader, batch_size=16, sampler=dict(type='DefaultSampler', shuffle=False), dataset=__val)
test_dataloader = dict(**__loader, batch_size=1, sampler=dict(type='DefaultSampler', shuffle=False), dataset=__val)

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=24, val_begin=1, val_interval=1)
param_scheduler = [dict(type='CosineAnnealingLR', eta_min=0, T_max=24, by_epoch=True, convert_to_iter_based=True)]
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.2, momentum=0.9, weight_decay=0.0003),
    clip_grad=dict(max_norm=40, norm_type=2),
)
auto_scale_lr = dict(enable=False, base_batch_size=128)
