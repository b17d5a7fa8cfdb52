"""What can be proven, and how: explain, verify, seal, export, rebuild, retention.

Everything is read from the ledger and the store; the four steps know nothing of this room.
"""
