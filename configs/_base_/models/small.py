# For tens to hundreds of clips: half the width, six of the ten stages, and a head that is never certain.
small = dict(
    backbone=dict(base_channels=32, num_stages=6, inflate_stages=[2, 4], down_stages=[2, 4]),
    cls_head=dict(in_channels=128, dropout=0.3, label_smooth_eps=0.1),
)
