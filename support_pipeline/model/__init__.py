"""The model half: base model, prompt, adapter, generation, scoring, verdict, GGUF.

Nothing here knows of Dagster or FastAPI: it also runs on a GPU machine that has neither.
"""
