"""Asking in batches (sampling.mode: batch): files of requests that a server answers within a day.

lines       requests as the lines of a file, and the lines that come back
journal     which answers a batch has, kept on disk until all of them are taken
judging     what the line of a request means: replies, once more, or a failure
batching    upload, create, wait, take; what is lacking goes into the next batch
"""
