# For tens to hundreds of clips: half the width and six of the ten stages. The input has the channels that the recipe's
# NormalizeBody(place=True) makes: x and y about the body and in the picture, and the score.
# No label_smooth_eps: PYSKL's head smooths the labels of several classes at a time alone.
small = dict(
    backbone=dict(in_channels=5, base_channels=32, num_stages=6, inflate_stages=[2, 4], down_stages=[2, 4]),
    cls_head=dict(in_channels=128, dropout=0.3),
)
