_base_ = ['agcn.py', 'small.py']
model = dict(backbone=dict(num_person=1, **_base_.small.backbone), cls_head=_base_.small.cls_head)
