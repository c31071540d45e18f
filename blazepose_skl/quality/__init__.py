"""How near estimated poses are to joints that somebody marked.

:mod:`.truth` reads the marks, :mod:`.estimates` has people from dumps or from MediaPipe, :mod:`.measures` is the
arithmetic, :mod:`.precision` is COCO's average precision, and :mod:`.study` makes tables and the figure of it all.
"""
