_base_ = 'stgcn_1xb64-full-distance-f300-80e_custom-openpose.py'
ann_file, num_classes = 'data/ucf101-split1.pkl', 101
model = dict(cls_head=dict(num_classes=num_classes))
