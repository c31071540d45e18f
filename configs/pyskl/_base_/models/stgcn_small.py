_base_ = ['stgcn.py', 'small.py']
model = {{_base_.small}}
