"""What can be proven, and how: explain, verify, seal, export, rebuild, retention.

Everything is read from the ledger and the store; the four steps know nothing of this room.
"""

from regreport.evidence.explain import RecordStory, explain_record, explain_report, findings_of
from regreport.evidence.verify import Verified, Watch, verify

__all__ = ["RecordStory", "Verified", "Watch", "explain_record", "explain_report", "findings_of", "verify"]
