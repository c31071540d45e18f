# What every config of PYSKL ends with, and our adapter.
custom_imports = dict(imports=['blazepose_skl.pyskl'], allow_failed_imports=False)
optimizer_config = dict(grad_clip=None)
log_config = dict(interval=20, hooks=[dict(type='TextLoggerHook')])
log_level = 'INFO'
