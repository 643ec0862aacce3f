"""The run: what is read in which order, with which children, from which bookmark. Only `flow` starts threads.

What connects the API with the messages belongs here. This package may import all others but the modules above it.
"""
