"""From a Hugging Face checkpoint to a GGUF that is proven to be the same model.

`convert` writes it, `quantise` shrinks it, `merge` and `adapter` bring a LoRA into it, `parity`
compares what llama.cpp makes of it with what Hugging Face made of the checkpoint.
"""
