_base_ = 'stgcn_1xb64-spatial-f300-80e_custom-openpose.py'
ann_file, num_classes = 'data/hmdb51-split2.pkl', 51
model = dict(cls_head=dict(num_classes=num_classes))
