"""The API: client, answers (pages and errors), rate limits, whose key it is, requests for children.

A rule of the API's documents belongs here. It is the only package that sends requests. It may import `protocol`,
`streams` and the modules at the root.
"""
