"""Teaching a hosted model by a finetuning job of its server.

section     what finetune.models.X says of it
lesson      rows as the file that is uploaded
door        requests to files and jobs; what a refusal means
journal     how far a job has come, kept on disk before and after each step
finding     files and jobs of ours that the server has already
jobs        upload, create, wait: what the model is called that was made
"""
