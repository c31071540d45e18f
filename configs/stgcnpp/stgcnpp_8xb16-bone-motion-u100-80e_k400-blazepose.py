_base_ = 'stgcnpp_8xb16-bone-motion-u100-80e_custom-blazepose.py'
ann_file, num_classes = 'data/k400.pkl', 400
model = dict(cls_head=dict(num_classes=num_classes))
