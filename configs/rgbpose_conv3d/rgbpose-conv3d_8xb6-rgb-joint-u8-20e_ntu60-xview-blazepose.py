_base_ = 'rgbpose-conv3d_8xb6-rgb-joint-u8-20e_custom-blazepose.py'
ann_file, num_classes = 'data/ntu60-xview.pkl', 60
model = dict(cls_head=dict(num_classes=num_classes))
