"""A stand-in for a server of hosted models: real HTTP on loopback, with a log and faults.

server   requests, replies, the log; what is served are tables of routes
chat     chat completions and the list of models, with a bill
jobs     finetuning jobs
batches  batches of requests, which the chat answers
shelf    files, and lists in pages, for both
tiny     models that really answer and learn, with what they must know of a study (known)
faults   what goes wrong, by the number of a request or for a share of them
"""
