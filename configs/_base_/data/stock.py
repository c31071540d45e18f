# MMAction2's pipelines for 2-D keypoints, in the parts that stand around GenSkeFeat, which the leaf states.
normalize = [dict(type='PreNormalize2D')]
__pack = [
    dict(type='PoseDecode'),
    dict(type='FormatGCNInput', num_person=2),
    dict(type='PackActionInputs', meta_keys=('frame_dir', 'img_shape')),  # dumped scores say whose they are
]
pack_train = [dict(type='UniformSampleFrames', clip_len=100), *__pack]
pack_val = [dict(type='UniformSampleFrames', clip_len=100, num_clips=1, test_mode=True), *__pack]
pack_test = [dict(type='UniformSampleFrames', clip_len=100, num_clips=10, test_mode=True), *__pack]

__dataset = dict(type='PoseDataset', ann_file='data/blazepose.pkl')
__loader = dict(num_workers=2, persistent_workers=True)
train_dataloader = dict(
    **__loader,
    batch_size=16,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='RepeatDataset', times=5, dataset=dict(**__dataset, split='train')),
)
val_dataloader = dict(
    **__loader,
    batch_size=16,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(**__dataset, split='val', test_mode=True),
)
test_dataloader = dict(
    **__loader,
    batch_size=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(**__dataset, split='val', test_mode=True),
)
