_base_ = ['../_base_/models/agcn.py', '../_base_/inputs/joint-motion-u100-80e-enhanced-blazepose.py']
model = dict(backbone=dict(in_channels=_base_.in_channels, graph_cfg=dict(layout=_base_.layout)))
