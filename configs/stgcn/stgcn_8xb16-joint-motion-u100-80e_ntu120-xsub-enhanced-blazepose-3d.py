_base_ = 'stgcn_8xb16-joint-motion-u100-80e_custom-enhanced-blazepose-3d.py'
ann_file, num_classes = 'data/ntu120-xsub.pkl', 120
model = dict(cls_head=dict(num_classes=num_classes))
