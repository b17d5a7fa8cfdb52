"""Tests of single adapters: what goes beyond the contract of their port."""
