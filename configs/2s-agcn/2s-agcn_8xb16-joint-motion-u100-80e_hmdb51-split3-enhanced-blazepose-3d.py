_base_ = '2s-agcn_8xb16-joint-motion-u100-80e_custom-enhanced-blazepose-3d.py'
ann_file, num_classes = 'data/hmdb51-split3.pkl', 51
model = dict(cls_head=dict(num_classes=num_classes))
