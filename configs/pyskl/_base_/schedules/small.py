# AdamW with warm-up; the last epoch counts, since a small set has no third part to choose an epoch on. One process.
_base_ = '../runtime.py'

optimizer = dict(type='AdamW', lr=2e-3, weight_decay=0.05)
lr_config = dict(
    policy='CosineAnnealing',
    min_lr=0,
    by_epoch=False,
    warmup='linear',
    warmup_by_epoch=True,
    warmup_iters=2,
    warmup_ratio=0.01,
)
total_epochs = 40
checkpoint_config = dict(interval=1, max_keep_ckpts=1)
evaluation = dict(interval=10, metrics=['top_k_accuracy', 'mean_class_accuracy'], save_best=None)
