# 2s-AGCN as MMAction2's configs/skeleton/2s-agcn has it: AAGCN without its attention.
model = dict(
    type='RecognizerGCN',
    backbone=dict(type='AAGCN', gcn_attention=False, graph_cfg=dict(layout='blazepose', mode='spatial')),
    cls_head=dict(type='GCNHead', num_classes=60, in_channels=256),
)
