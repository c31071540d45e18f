_base_ = 'stgcn_1xb64-spatial-f300-80e_custom-blazepose.py'
model = dict(backbone=dict(graph_cfg=dict(mode='full_distance_split')))
