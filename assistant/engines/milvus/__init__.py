"""A Milvus server as engine: for more policies than one machine holds, and for many tenants.

    client → schema → store → engine       what a question needs
    assistant/bulk.py                       what writes the rows

Import what is needed from the modules: pymilvus is installed only where it is wanted.
"""
