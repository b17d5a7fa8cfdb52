"""Regulators in a box: an authority that reads a folder, keeps books of its own, and answers as it is told to behave.

It stands outside the pipeline. It takes files from where we deliver and puts answers where we look for them, has its
own reference data and its own memory, applies checks of its own, and never touches our ledger or store.
"""

from regreport.simulator.authority import Authority, FileAnswered
from regreport.simulator.behaviour import Behaviour
from regreport.simulator.box import simulate

__all__ = ["Authority", "Behaviour", "FileAnswered", "simulate"]
