"""Message archive (会话内容存档): the port with the vendor's five operations, what it brings in, and how it is kept.

`port.py` is the interface; `gateway.py` the adapter in use: it speaks HTTP to a process that holds the vendor's
native library (or to the simulator). An adapter that loads the library in our own worker with ctypes would stand
beside it as `native.py` and be chosen in `adapters.py`; nothing else would change.

    fetch.py   pages of sealed messages, opened with the tenant's keys, stored with the cursor in one transaction
    wire.py    the clear JSON of one message -> a Message (pure)
    store.py   rows, consents, recalls, media to fetch, and the event that tells the product
    sealed.py  what could not be opened, tried again when a key is added
    media.py   files in chunks, resumable
    months.py  monthly partitions and retention
"""
