_base_ = 'stgcnpp_8xb16-joint-motion-u100-80e_custom-enhanced-blazepose-3d.py'
ann_file, num_classes = 'data/hmdb51-split2.pkl', 51
model = dict(cls_head=dict(num_classes=num_classes))
