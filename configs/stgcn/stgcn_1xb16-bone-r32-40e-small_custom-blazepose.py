_base_ = [
    '../_base_/models/stgcn_small.py',
    '../_base_/data/small.py',
    '../_base_/schedules/small.py',
]
layout = 'blazepose'
model = dict(backbone=dict(graph_cfg=dict(layout=layout)))
features = dict(type='GenSkeFeat', dataset=layout, feats=['b'])
train_pipeline = [*_base_.normalize_train, features, *_base_.pack]
test_pipeline = [*_base_.normalize_test, features, *_base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
