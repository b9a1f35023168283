"""What a server can, found out by a few tiny requests before a model of it is first asked.

    orders      what is asked
    listing     whether the server lists the model, and until when it has it
    probing     asking, and what the answers show
    kept        what was found, for other stages and processes

Answers count, not what a server says of itself: some leave out in silence what they cannot.
"""
