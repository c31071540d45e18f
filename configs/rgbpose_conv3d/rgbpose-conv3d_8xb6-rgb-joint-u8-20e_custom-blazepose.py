_base_ = ['../_base_/models/rgbpose_conv3d.py', '../_base_/recipes/u8_20e.py']
layout = 'blazepose'
features = dict(
    type='GeneratePoseTarget',
    sigma=0.7,
    use_score=True,
    with_kp=True,
    with_limb=False,
    scaling=0.25,
    skeletons=layout,
)
train_pipeline = [*_base_.before_train, features, *_base_.after_train]
val_pipeline = [*_base_.before_val, features, *_base_.after_val]
test_pipeline = [*_base_.before_test, features, *_base_.after_test]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
