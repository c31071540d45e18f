# The same on world landmarks: metres, turned to face the camera, and in training seen from any side.
_base_ = 'u100_80e.py'

in_channels = 4  # x, y, z and the score
sampling = dict(normalize=None)
before_train = [dict(type='FaceCamera'), dict(type='RandomRotateSkeleton', degrees=17)]
before_val = before_test = [dict(type='FaceCamera')]
