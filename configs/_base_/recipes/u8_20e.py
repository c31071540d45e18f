# MMAction2's recipe for RGBPose-Conv3D: 8 pictures and 32 heatmaps of a clip. It reads the videos, <clip>.mp4 in the
# folder of data_prefix, with decord. MMAction2 starts from its own RGB and pose networks, which are for COCO-17.
_base_ = '../runtime.py'

__clip_len = dict(RGB=8, Pose=32)
__fitted = [
    dict(type='MMDecode'),
    dict(type='MMCompact', hw_ratio=1.0, allow_imgpad=True),
    dict(type='Resize', scale=(256, 256), keep_ratio=False),
]
before_train = [
    dict(type='MMUniformSampleFrames', clip_len=__clip_len, num_clips=1),
    *__fitted,
    dict(type='RandomResizedCrop', area_range=(0.56, 1.0)),
    dict(type='Resize', scale=(224, 224), keep_ratio=False),
    dict(type='Flip', flip_ratio=0.5, left_kp='blazepose'),
]
before_val = [dict(type='MMUniformSampleFrames', clip_len=__clip_len, num_clips=1, test_mode=True), *__fitted]
before_test = [dict(type='MMUniformSampleFrames', clip_len=__clip_len, num_clips=10, test_mode=True), *__fitted]
after_train = after_val = after_test = [
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs', collect_keys=('imgs', 'heatmap_imgs'), meta_keys=('frame_dir', 'img_shape')),
]

__loader = dict(num_workers=8, persistent_workers=True)
__dataset = dict(type='PoseDataset', ann_file='data/blazepose.pkl', data_prefix=dict(video='data/videos'))
train_dataloader = dict(
    **__loader,
    batch_size=6,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(**__dataset, split='train'),
)
val_dataloader = dict(
    **__loader,
    batch_size=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(**__dataset, split='val', test_mode=True),
)
test_dataloader = val_dataloader

# Its scores are of both parts and of their sum, which AccMetric knows.
val_evaluator = test_evaluator = [dict(type='AccMetric')]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20, val_begin=1, val_interval=1)
param_scheduler = [dict(type='MultiStepLR', begin=0, end=20, by_epoch=True, milestones=[12, 16], gamma=0.1)]
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.0075, momentum=0.9, weight_decay=0.0001),
    clip_grad=dict(max_norm=40, norm_type=2),
)
auto_scale_lr = dict(enable=False, base_batch_size=48)
