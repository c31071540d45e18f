_base_ = 'stgcnpp_8xb16-joint-u100-80e_custom-blazepose-3d.py'
ann_file, num_classes = 'data/ntu60-xsub.pkl', 60
model = dict(cls_head=dict(num_classes=num_classes))
