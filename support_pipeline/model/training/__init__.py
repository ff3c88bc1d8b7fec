"""The training half of `model.adapter`: lessons, rows, the machine's plan, the fit, what is watched.

Nothing here imports torch at the top; the pure parts (lessons, packing, plan) run without it.
"""
