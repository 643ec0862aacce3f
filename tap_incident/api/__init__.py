"""The HTTP side: client, answers (pages and errors) and rate limits. The only package that imports requests.

A rule of the API's documents belongs here. This package may import `protocol`, `streams` and the modules at the root.
"""
