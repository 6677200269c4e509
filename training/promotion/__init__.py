"""Promotion of a version: the gate that judges it, and its publication as champion."""
