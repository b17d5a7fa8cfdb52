"""Natural persons: who asks what is kept of them, and how what is kept of them ends.

`find` and `export` answer the data subject's right of access; `ends` destroys a period's key after its last duty, which
is how everything of that period goes (GDPR Art. 15, Art. 5(1)(e); while a legal duty to keep lasts, Art. 17(3)(b)).
"""
