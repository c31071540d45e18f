# For tens to hundreds of clips: half the width, six of the ten stages, and a head that is never certain. The input
# has the channels that the recipe's NormalizeBody(place=True) makes: x and y about the body and in the picture,
# and the score.
small = dict(
    backbone=dict(in_channels=5, base_channels=32, num_stages=6, inflate_stages=[2, 4], down_stages=[2, 4]),
    cls_head=dict(in_channels=128, dropout=0.3, label_smooth_eps=0.1),
)
