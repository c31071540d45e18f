# For tens to hundreds of clips: place and size of the body are taken out, then views and tempos made up; AdamW with
# warm-up; the last epoch counts, since a small set has no third part to choose an epoch on.
# The pipelines are in the parts that stand around GenSkeFeat, which the leaf states.
_base_ = '../runtime.py'

in_channels = 5  # x and y about the body and in the picture, and the score
before_train = [
    dict(type='ResampleFrames', length=32, min_share=0.75),
    dict(type='NormalizeBody', place=True),
    dict(type='RandomRotateSkeleton', degrees=10),
    dict(type='RandomScaleSkeleton', amount=0.1),
    dict(type='RandomPlace', shift=0.1, zoom=0.1, forget=0.25),
    # For the left-handed. A clip is still thrice as likely to be as it was: classes that name a side stay apart.
    dict(type='RandomFlipSkeleton', probability=0.25),
]
before_val = before_test = [
    dict(type='ResampleFrames', length=32, test_mode=True, num_clips=4),
    dict(type='NormalizeBody', place=True),
]
after_train = after_val = after_test = [
    dict(type='FormatGCNInput', num_person=1),
    dict(type='PackActionInputs', meta_keys=('frame_dir', 'img_shape')),  # dumped scores say whose they are
]

__loader = dict(batch_size=16, num_workers=1, persistent_workers=True)
train_dataloader = dict(
    **__loader,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='PoseDataset', ann_file='data/blazepose.pkl', split='train'),
)
val_dataloader = dict(
    **__loader,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='PoseDataset', ann_file='data/blazepose.pkl', split='val', test_mode=True),
)
test_dataloader = val_dataloader

__epochs = 40
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=__epochs, val_begin=10, val_interval=10)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=2, by_epoch=True, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=2, end=__epochs, eta_min=0, by_epoch=True, convert_to_iter_based=True),
]
optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.05))
default_hooks = dict(checkpoint=dict(save_best=None, max_keep_ckpts=1))
