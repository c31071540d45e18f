"""Train: MMAction2's own tools/train.py and its arguments, with our skeletons, mends and readable errors."""

from blazepose_skl.launch import main

if __name__ == '__main__':
    main('train')
