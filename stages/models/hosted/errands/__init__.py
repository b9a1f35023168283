"""What a server is asked to do by itself: finetuning jobs, batches. Each is paid for once.

door        requests to files, jobs and batches; what a refusal means
journal     how far an errand has come, kept on disk before and after each step
finding     files and errands of ours that the server has already
sending     upload the file, create the errand: what may have been done is looked for first
    waiting     until it is done; what is said on the way
"""
