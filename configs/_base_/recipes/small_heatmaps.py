# The recipe for small sets with PoseC3D on two cores: sixteen frames, heatmaps of 32 x 32.
_base_ = 'small.py'

__crop_test = [
    dict(type='PoseCompact', hw_ratio=1.0, allow_imgpad=True),
    dict(type='Resize', scale=(-1, 32)),
    dict(type='CenterCrop', crop_size=32),
]
before_train = [
    dict(type='UniformSampleFrames', clip_len=16),
    dict(type='PoseDecode'),
    dict(type='PoseCompact', hw_ratio=1.0, allow_imgpad=True),
    dict(type='Resize', scale=(-1, 36)),
    dict(type='RandomResizedCrop', area_range=(0.56, 1.0)),
    dict(type='Resize', scale=(32, 32), keep_ratio=False),
    dict(type='Flip', flip_ratio=0.25, left_kp='blazepose'),
]
before_val = before_test = [
    dict(type='UniformSampleFrames', clip_len=16, num_clips=4, test_mode=True),
    dict(type='PoseDecode'),
    *__crop_test,
]
after_train = after_val = after_test = [
    dict(type='FormatShape', input_format='NCTHW_Heatmap'),
    dict(type='PackActionInputs', meta_keys=('frame_dir', 'img_shape')),  # dumped scores say whose they are
]
