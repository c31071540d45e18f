_base_ = '../recipes/small.py'
layout = 'blazepose'
features = dict(type='GenSkeFeat', dataset=layout, feats=['bm'])
train_pipeline = [*_base_.before_train, features, *_base_.after_train]
val_pipeline = [*_base_.before_val, features, *_base_.after_val]
test_pipeline = [*_base_.before_test, features, *_base_.after_test]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
