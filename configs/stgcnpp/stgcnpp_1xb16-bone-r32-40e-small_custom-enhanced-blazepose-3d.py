_base_ = ['../_base_/models/stgcnpp_small.py', '../_base_/inputs/bone-r32-40e-small-enhanced-blazepose-3d.py']
model = dict(backbone=dict(in_channels=_base_.in_channels, graph_cfg=dict(layout=_base_.layout)))
