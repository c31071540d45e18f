_base_ = 'stgcn_8xb16-joint-u100-80e_custom-blazepose-3d.py'
ann_file, num_classes = 'data/ucf101-split1.pkl', 101
model = dict(cls_head=dict(num_classes=num_classes))
