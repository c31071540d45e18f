# PYSKL's recipe for ST-GCN and ST-GCN++: 16 epochs over the data repeated five times, eight GPUs.
_base_ = '../runtime.py'

optimizer = dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=0.0005, nesterov=True)
lr_config = dict(policy='CosineAnnealing', min_lr=0, by_epoch=False)
total_epochs = 16
checkpoint_config = dict(interval=1)
evaluation = dict(interval=1, metrics=['top_k_accuracy'])
