"""Teaching a hosted model by a finetuning job of its server.

    section     what finetune.models.X says of it, and what decides a job
    lesson      rows as the file that is uploaded, and what it will cost
    journal     that of a teaching, for one process at a time
    jobs        upload, create, wait for it
    outcome     what became of a job: the model, what it cost, or why there is none

Nothing here is asked twice that may be paid for twice.
"""
