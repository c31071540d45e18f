# PYSKL's pipelines for 2-D keypoints, in the parts that stand around GenSkeFeat, which the leaf states.
# A config of mmcv 1.x can put a value of its base into a list, not a list's items: hence Compose.
normalize = dict(type='PreNormalize2D')
__pack = [
    dict(type='PoseDecode'),
    dict(type='FormatGCNInput', num_person=2),
    dict(type='Collect', keys=['keypoint', 'label'], meta_keys=[]),
    dict(type='ToTensor', keys=['keypoint']),
]
pack_train = dict(type='Compose', transforms=[dict(type='UniformSample', clip_len=100), *__pack])
pack_val = dict(type='Compose', transforms=[dict(type='UniformSample', clip_len=100, num_clips=1), *__pack])
pack_test = dict(type='Compose', transforms=[dict(type='UniformSample', clip_len=100, num_clips=10), *__pack])

__dataset = dict(type='PoseDataset', ann_file='data/blazepose.pkl')
data = dict(
    videos_per_gpu=16,
    workers_per_gpu=2,
    test_dataloader=dict(videos_per_gpu=1),
    train=dict(type='RepeatDataset', times=5, dataset=dict(**__dataset, split='train')),
    val=dict(**__dataset, split='val'),
    test=dict(**__dataset, split='val'),
)
