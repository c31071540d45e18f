_base_ = '../recipes/u100_80e.py'
layout = 'enhanced_blazepose'
features = dict(type='UniformSampleSkeleton', layout=layout, feats=['bm'], **_base_.sampling)
train_pipeline = [*_base_.before_train, features, *_base_.after_train]
val_pipeline = [*_base_.before_val, dict(features, test_mode=True), *_base_.after_val]
test_pipeline = [*_base_.before_test, dict(features, test_mode=True, num_clips=10), *_base_.after_test]
train_dataloader = dict(dataset=dict(dataset=dict(pipeline=train_pipeline)))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
