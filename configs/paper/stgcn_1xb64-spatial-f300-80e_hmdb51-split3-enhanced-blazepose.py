_base_ = 'stgcn_1xb64-spatial-f300-80e_custom-enhanced-blazepose.py'
ann_file, num_classes = 'data/hmdb51-split3.pkl', 51
model = dict(cls_head=dict(num_classes=num_classes))
