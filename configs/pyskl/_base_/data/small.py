# For tens to hundreds of clips: place and size of the body are taken out, then views and tempos made up.
# The parts that stand around GenSkeFeat, which the leaf states.
# A config of mmcv 1.x can put a value of its base into a list, not a list's items: hence Compose.
normalize_train = dict(
    type='Compose',
    transforms=[
        dict(type='ResampleFrames', length=32, min_share=0.75),
        dict(type='NormalizeBody', place=True),
        dict(type='RandomRotateSkeleton', degrees=10),
        dict(type='RandomScaleSkeleton', amount=0.1),
        dict(type='RandomPlace', shift=0.1, zoom=0.1, forget=0.25),
        # For the left-handed. A clip is still thrice as likely to be as it was, so that classes which name a side
        # stay apart.
        dict(type='RandomFlipSkeleton', probability=0.25),
    ],
)
normalize_test = dict(
    type='Compose',
    transforms=[
        dict(type='ResampleFrames', length=32, test_mode=True, num_clips=4),
        dict(type='NormalizeBody', place=True),
    ],
)
pack = dict(
    type='Compose',
    transforms=[
        dict(type='FormatGCNInput', num_person=1),
        dict(type='Collect', keys=['keypoint', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['keypoint']),
    ],
)

__dataset = dict(type='PoseDataset', ann_file='data/blazepose.pkl')
data = dict(
    videos_per_gpu=16,
    workers_per_gpu=1,
    persistent_workers=True,  # fresh workers would make up the same views in every epoch
    train=dict(**__dataset, split='train'),
    val=dict(**__dataset, split='val'),
    test=dict(**__dataset, split='val'),
)
