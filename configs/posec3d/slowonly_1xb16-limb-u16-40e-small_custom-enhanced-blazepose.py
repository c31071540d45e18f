_base_ = ['../_base_/models/slowonly_small.py', '../_base_/recipes/small_heatmaps.py']
layout = 'enhanced_blazepose'
model = dict(backbone=dict(in_channels=39))
features = dict(type='GeneratePoseTarget', sigma=0.6, use_score=True, with_kp=False, with_limb=True, skeletons=layout)
train_pipeline = [*_base_.before_train, features, *_base_.after_train]
val_pipeline = [*_base_.before_val, features, *_base_.after_val]
test_pipeline = [*_base_.before_test, dict(features, double=True), *_base_.after_test]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
