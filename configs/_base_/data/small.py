# For tens to hundreds of clips: place and size of the body are taken out, then views and tempos made up.
# The parts that stand around GenSkeFeat, which the leaf states.
normalize_train = [
    dict(type='ResampleFrames', length=32, min_share=0.75),
    dict(type='NormalizeBody', place=True),
    dict(type='RandomRotateSkeleton', degrees=10),
    dict(type='RandomScaleSkeleton', amount=0.1),
    dict(type='RandomPlace', shift=0.1, zoom=0.1, forget=0.25),
    # For the left-handed. A clip is still thrice as likely to be as it was: classes that name a side stay apart.
    dict(type='RandomFlipSkeleton', probability=0.25),
]
normalize_test = [
    dict(type='ResampleFrames', length=32, test_mode=True, num_clips=4),
    dict(type='NormalizeBody', place=True),
]
pack = [
    dict(type='FormatGCNInput', num_person=1),
    dict(type='PackActionInputs', meta_keys=('frame_dir', 'img_shape')),  # dumped scores say whose they are
]

__dataset = dict(type='PoseDataset', ann_file='data/blazepose.pkl')
__loader = dict(batch_size=16, num_workers=1, persistent_workers=True)
train_dataloader = dict(
    **__loader,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(**__dataset, split='train'),
)
val_dataloader = dict(
    **__loader,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(**__dataset, split='val', test_mode=True),
)
test_dataloader = val_dataloader
