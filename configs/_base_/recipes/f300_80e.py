# The experiment of "Enhanced-BlazePose" with ST-GCN: x, y and confidence, 300 frames, SGD, 80 epochs, the learning
# rate down by a tenth every ten epochs, weight decay 1e-4, batches of 64 of the paper's 32, 64 and 128. The paper does
# not state the first learning rate; 0.1 is that of the ST-GCN it starts from.
_base_ = 'u100_80e.py'

before_train = [dict(type='RepeatOrDropFrames', length=300), dict(type='PreNormalize2D')]
before_val = before_test = [dict(type='RepeatOrDropFrames', length=300, test_mode=True), dict(type='PreNormalize2D')]
after_train = after_val = after_test = [
    dict(type='FormatGCNInput', num_person=1),
    dict(type='PackActionInputs', meta_keys=('frame_dir', 'img_shape')),  # dumped scores say whose they are
]
train_dataloader = dict(batch_size=64, dataset=dict(times=1))
val_dataloader = dict(batch_size=64)
test_dataloader = dict(batch_size=64)

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=80, val_begin=1, val_interval=1)
param_scheduler = [dict(type='StepLR', step_size=10, gamma=0.9, by_epoch=True)]
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=0.0001, nesterov=True))
auto_scale_lr = dict(enable=False, base_batch_size=64)
