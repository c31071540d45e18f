_base_ = 'slowonly_8xb16-joint-u48-240e_custom-blazepose.py'
ann_file, num_classes = 'data/ntu120-xset.pkl', 120
model = dict(cls_head=dict(num_classes=num_classes))
