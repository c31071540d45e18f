_base_ = [
    '../../_base_/models/stgcn.py',
    '../../_base_/data/stock.py',
    '../../_base_/schedules/stock.py',
]
layout = 'enhanced_blazepose'
model = dict(backbone=dict(graph_cfg=dict(layout=layout)))
features = dict(type='GenSkeFeat', dataset=layout, feats=['jm'])
data = dict(
    train=dict(dataset=dict(pipeline=[{{_base_.normalize}}, features, {{_base_.pack_train}}])),
    val=dict(pipeline=[{{_base_.normalize}}, features, {{_base_.pack_val}}]),
    test=dict(pipeline=[{{_base_.normalize}}, features, {{_base_.pack_test}}]),
)
work_dir = './work_dirs/pyskl/stgcn_enhanced_blazepose_stock/jm'
