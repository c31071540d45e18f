_base_ = 'stgcn_8xb16-bone-motion-u100-80e_custom-blazepose-3d.py'
ann_file, num_classes = 'data/ntu120-xset.pkl', 120
model = dict(cls_head=dict(num_classes=num_classes))
