_base_ = [
    '../_base_/models/stgcnpp.py',
    '../_base_/data/stock.py',
    '../_base_/schedules/stock.py',
]
layout = 'blazepose'
model = dict(backbone=dict(graph_cfg=dict(layout=layout)))
features = dict(type='GenSkeFeat', dataset=layout, feats=['b'])
train_pipeline = [*_base_.normalize, features, *_base_.pack_train]
val_pipeline = [*_base_.normalize, features, *_base_.pack_val]
test_pipeline = [*_base_.normalize, features, *_base_.pack_test]
train_dataloader = dict(dataset=dict(dataset=dict(pipeline=train_pipeline)))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
