_base_ = 'stgcn_8xb16-joint-u100-80e_custom-enhanced-blazepose.py'
ann_file, num_classes = 'data/ucf101-split3.pkl', 101
model = dict(cls_head=dict(num_classes=num_classes))
