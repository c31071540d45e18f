_base_ = 'stgcn_8xb16-joint-motion-u100-80e_custom-enhanced-blazepose.py'
ann_file, num_classes = 'data/k400.pkl', 400
model = dict(cls_head=dict(num_classes=num_classes))
