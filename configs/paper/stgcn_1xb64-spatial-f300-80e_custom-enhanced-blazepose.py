_base_ = ['../_base_/models/stgcn.py', '../_base_/recipes/f300_80e.py']
layout = 'enhanced_blazepose'
model = dict(backbone=dict(in_channels=_base_.in_channels, graph_cfg=dict(layout=layout, mode='stgcn_spatial')))
features = dict(type='GenSkeFeat', dataset=layout, feats=['j'])
train_pipeline = [*_base_.before_train, features, *_base_.after_train]
val_pipeline = [*_base_.before_val, features, *_base_.after_val]
test_pipeline = [*_base_.before_test, features, *_base_.after_test]
train_dataloader = dict(dataset=dict(dataset=dict(pipeline=train_pipeline)))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
