_base_ = ['../_base_/models/agcn_small.py', '../_base_/inputs/bone-motion-r32-40e-small-enhanced-blazepose.py']
model = dict(backbone=dict(in_channels=_base_.in_channels, graph_cfg=dict(layout=_base_.layout)))
