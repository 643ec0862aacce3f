"""The Singer side: catalog, selection, state, records and messages. Knows nothing of HTTP.

A rule of the Singer spec belongs here. This package may import `streams` and the modules at the root.
"""
