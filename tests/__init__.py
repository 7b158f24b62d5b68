"""All tests. One thread of BLAS a process: `pytest -n 2` keeps the cores busy by itself, and the
threads of small matrices spin while they wait for each other.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
