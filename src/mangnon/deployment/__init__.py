"""Deployment: brings a warehouse up to this version of the code."""
