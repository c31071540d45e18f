_base_ = ['stgcnpp.py', 'small.py']
model = {{_base_.small}}
