# The same on world landmarks, which have no place in a picture: heights of the body, turned to face the camera.
_base_ = 'small.py'

in_channels = 4  # x, y, z and the score
before_train = [
    dict(type='ResampleFrames', length=32, min_share=0.75),
    dict(type='NormalizeBody'),
    dict(type='FaceCamera'),
    dict(type='RandomRotateSkeleton', degrees=(10, 20, 10)),
    dict(type='RandomScaleSkeleton', amount=0.1),
    dict(type='RandomFlipSkeleton', probability=0.25),
]
before_val = before_test = [
    dict(type='ResampleFrames', length=32, test_mode=True, num_clips=4),
    dict(type='NormalizeBody'),
    dict(type='FaceCamera'),
]
