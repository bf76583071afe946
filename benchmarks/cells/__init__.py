"""One cell from spec to result: training, timing, monitor, checkpoint, audits, distributed training.

Imports `inference`; imported by `executors`, `runs` and `commands`.
"""
