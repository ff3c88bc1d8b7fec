"""Text that the tiny base model learns from: support chats of shops that exist nowhere.

Everything here is generated from a seed and pure; nothing reads a file, and no real shop, person
or ticket stands behind a sentence. `conversations.make_chat` is the door.
"""
