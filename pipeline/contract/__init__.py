"""What readers may rely on: the topics and their messages as documents that any language can use.

    records, table of topics ──(schemas, asyncapi)──▶ docs/contract/schemas, asyncapi.yaml
    demo article ──(the steps themselves)──(examples)──▶ docs/contract/examples
    released schemas, new schemas ──(changes)──▶ what would break a reader
    schemas ──(register)──▶ a Confluent-compatible registry, where somebody has one

Nothing here is written by hand: a record that gains a field has it in the contract after `stellwerk contract`, and a
test compares.
"""
