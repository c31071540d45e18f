_base_ = ['../_base_/models/stgcn_small.py', '../_base_/inputs/joint-r32-40e-small-blazepose-3d.py']
model = dict(backbone=dict(in_channels=_base_.in_channels, graph_cfg=dict(layout=_base_.layout)))
