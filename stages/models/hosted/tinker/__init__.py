"""Teaching a hosted model over a service of Tinker's shape: we say each step, it computes them.

speaking    the model's tokenizer and chat template
lesson      rows as the tokens that are read and taught, those of a local training
service     calls of the SDK, and what it means when one fails
training    steps, states on the way, the model that is asked in the end
teacher     from rows to the folder of what was made
"""
