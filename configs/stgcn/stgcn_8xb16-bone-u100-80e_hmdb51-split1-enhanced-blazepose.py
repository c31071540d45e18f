_base_ = 'stgcn_8xb16-bone-u100-80e_custom-enhanced-blazepose.py'
ann_file, num_classes = 'data/hmdb51-split1.pkl', 51
model = dict(cls_head=dict(num_classes=num_classes))
