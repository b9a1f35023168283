"""How a model is spoken to: chat messages as the exact tokens that it reads and answers with.

template    a chat template in transformers' sandbox, with the date pinned
guarded     the same in a process of its own, with limits, for one that was never tried
thoughts    marks of a thought before an answer, the switches that turn thinking off
frame       what a template says around an answer: thoughts, channels, end marks
spelling    text as token ids, special tokens that stand in a text spelled as text
chat        `Chat`: prompts, labels, what ends an answer
trial       what fetch_model tries before a model is taken
section     what params.yaml says of all conversations
"""

Message = dict[str, str]
