# AdamW with warm-up; the last epoch counts, since a small set has no third part to choose an epoch on.
_base_ = '../runtime.py'

__epochs = 40
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=__epochs, val_begin=10, val_interval=10)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=2, by_epoch=True, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=2, end=__epochs, eta_min=0, by_epoch=True, convert_to_iter_based=True),
]
optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.05))
default_hooks = dict(checkpoint=dict(save_best=None, max_keep_ckpts=1))
