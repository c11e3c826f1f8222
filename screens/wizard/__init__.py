"""The wizard: entity, name, front end, filters, SenderComps, submit (rule G2)."""
