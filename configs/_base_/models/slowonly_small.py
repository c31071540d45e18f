# For two cores: a quarter of the width, one block a stage.
_base_ = 'slowonly.py'
model = dict(backbone=dict(base_channels=8, stage_blocks=(1, 1, 1)), cls_head=dict(in_channels=128))
