_base_ = [
    '../../_base_/models/stgcnpp_small.py',
    '../../_base_/data/small.py',
    '../../_base_/schedules/small.py',
]
layout = 'enhanced_blazepose'
model = dict(backbone=dict(graph_cfg=dict(layout=layout)))
features = dict(type='GenSkeFeat', dataset=layout, feats=['j'])
data = dict(
    train=dict(pipeline=[{{_base_.normalize_train}}, features, {{_base_.pack}}]),
    val=dict(pipeline=[{{_base_.normalize_test}}, features, {{_base_.pack}}]),
    test=dict(pipeline=[{{_base_.normalize_test}}, features, {{_base_.pack}}]),
)
work_dir = './work_dirs/pyskl/stgcnpp_enhanced_blazepose_small/j'
