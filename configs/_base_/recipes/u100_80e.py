# MMAction2's recipe for ST-GCN, ST-GCN++ and 2s-AGCN on 2-D keypoints: 16 epochs over the data repeated five times
# (hence "80e"). The leaf states UniformSampleSkeleton, which stands for MMAction2's PreNormalize2D, GenSkeFeat,
# UniformSampleFrames, PoseDecode and FormatGCNInput, bit for bit, and takes a fraction of their time.
_base_ = '../runtime.py'

in_channels = 3  # x, y and the score
sampling = dict(clip_len=100, num_person=2)
before_train = before_val = before_test = []
after_train = after_val = after_test = [
    dict(type='PackActionInputs', meta_keys=('frame_dir', 'img_shape')),  # dumped scores say whose they are
]

__loader = dict(num_workers=2, persistent_workers=True)
train_dataloader = dict(
    **__loader,
    batch_size=16,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='RepeatDataset', times=5, dataset=dict(type='PoseDataset', ann_file='data/blazepose.pkl', split='train')
    ),
)
__val = dict(type='PoseDataset', ann_file='data/blazepose.pkl', split='val', test_mode=True)
val_dataloader = dict(**__loader, batch_size=16, sampler=dict(type='DefaultSampler', shuffle=False), dataset=__val)
test_dataloader = dict(**__loader, batch_size=1, sampler=dict(type='DefaultSampler', shuffle=False), dataset=__val)

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=16, val_begin=1, val_interval=1)
param_scheduler = [dict(type='CosineAnnealingLR', eta_min=0, T_max=16, by_epoch=True, convert_to_iter_based=True)]
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=0.0005, nesterov=True))
auto_scale_lr = dict(enable=False, base_batch_size=128)
