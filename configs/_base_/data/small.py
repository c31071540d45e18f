# For tens to hundreds of clips: place and size of the body are taken out, then views and tempos made up.
# The leaf states GenSkeFeat, which stands between these parts.
normalize = [dict(type='NormalizeBody')]
augment = [
    dict(type='ResampleFrames', length=64),
    dict(type='NormalizeBody'),
    dict(type='RandomRotateSkeleton', degrees=15),
    dict(type='RandomScaleSkeleton', amount=0.2),
]
